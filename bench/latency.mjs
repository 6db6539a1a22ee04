// From sending one entry in to its arrival at a reader, on an otherwise idle server.
import { createNode, entry, quantile, send, startServer, TOKEN } from './server.mjs'

const ENTRIES = 200
const PAUSE = 20

export async function measure() {
  const rows = []
  for (const store of ['sqlite', 'redis']) {
    const server = await startServer(store)
    try {
      await createNode(server, 'n')
      const sentAt = []
      const times = []
      const away = new AbortController()
      const reading = read(server, away.signal, (i) => {
        times.push(performance.now() - sentAt[i])
      })
      await new Promise((resolve) => setTimeout(resolve, 300))
      for (let i = 0; i < ENTRIES; i += 1) {
        sentAt[i] = performance.now()
        await send(server, 'n', { ...entry(i), message: `#${i}#` })
        await new Promise((resolve) => setTimeout(resolve, PAUSE))
      }
      away.abort()
      await reading
      const [p50, p99] = [0.5, 0.99].map((q) => quantile(times, q).toFixed(1))
      rows.push(`| ${store} | ${times.length} of ${ENTRIES} | ${p50} | ${p99} |`)
    } finally {
      await server.close()
    }
  }
  return [
    'One reader, one sender; from before the request to the event in the reader.\n',
    '| store | arrived | p50 ms | p99 ms |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

async function read(server, signal, arrived) {
  try {
    const response = await fetch(`${server.url}/admin/nodes/n/logs/stream?tail=0`, {
      headers: { 'X-Admin-Token': TOKEN },
      signal,
    })
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      for (const [, i] of chunk.matchAll(/event: log\ndata: [^\n]*#(\d+)#/g)) arrived(Number(i))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
