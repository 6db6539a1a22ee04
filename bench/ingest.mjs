// How many entries a second are taken over HTTP, in batches, by several senders at once.
import { createNode, entry, send, startServer } from './server.mjs'

const BATCH = 100
const SENDERS = 4
const SECONDS = 5

export async function measure() {
  const rows = []
  for (const store of ['sqlite', 'redis']) {
    const server = await startServer(store)
    try {
      const body = JSON.stringify(Array.from({ length: BATCH }, (_, i) => entry(i)))
      const one = async (node, until) => {
        let sent = 0
        await createNode(server, node)
        while (performance.now() < until) {
          await send(server, node, body)
          sent += BATCH
        }
        return sent
      }
      const all = (seconds) =>
        Promise.all(
          Array.from({ length: SENDERS }, (_, i) =>
            one(`n${i}`, performance.now() + seconds * 1000),
          ),
        )
      await all(1)
      const start = performance.now()
      const sent = (await all(SECONDS)).reduce((a, b) => a + b)
      rows.push(`| ${store} | ${Math.round(sent / ((performance.now() - start) / 1000))} |`)
    } finally {
      await server.close()
    }
  }
  return [
    `${SENDERS} senders, batches of ${BATCH}, entries of about 250 bytes, ${SECONDS} s.\n`,
    '| store | entries/s |',
    '|---|---|',
    ...rows,
  ].join('\n')
}
