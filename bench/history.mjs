// What `tail=100` costs on a short and on a long list.
import { createNode, entry, quantile, send, startServer } from './server.mjs'

const LENGTHS = [100, 5_000, 50_000]
const REQUESTS = 500

export async function measure() {
  const rows = []
  for (const store of ['sqlite', 'redis']) {
    const server = await startServer(store)
    try {
      for (const length of LENGTHS) {
        const node = `n${length}`
        await createNode(server, node)
        for (let sent = 0; sent < length; sent += 100) {
          await send(
            server,
            node,
            Array.from({ length: 100 }, (_, i) => entry(sent + i)),
          )
        }
      }
      const times = new Map(LENGTHS.map((length) => [length, []]))
      // Interleaved, so that what else the machine does hits all alike.
      for (let i = 0; i < REQUESTS; i += 1) {
        for (const length of LENGTHS) {
          const start = performance.now()
          const response = await server.request(`/admin/nodes/n${length}/logs?tail=100`)
          const { count } = await response.json()
          if (count !== 100) throw new Error(`got ${count}`)
          times.get(length).push(performance.now() - start)
        }
      }
      const cells = LENGTHS.map((length) => quantile(times.get(length), 0.5).toFixed(2))
      rows.push(`| ${store} | ${cells.join(' | ')} |`)
    } finally {
      await server.close()
    }
  }
  return [
    `Median ms of ${REQUESTS} requests of \`tail=100\`, by the list's length.\n`,
    `| store | ${LENGTHS.join(' | ')} |`,
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}
