// What the peers on Node's own HTTP server have in common: entries come in at POST /publish/<node>.
import { createServer } from 'node:http'

/** Listens on a free port of the loopback and says where. */
export function serve({ stream, publish, get }) {
  const server = createServer(async (request, response) => {
    const [, what, node] = new URL(request.url, 'http://localhost').pathname.split('/')
    if (request.method === 'POST' && what === 'publish') {
      const entry = await textOf(request)
      publish(node, entry)
      response.writeHead(202, { 'Content-Length': 0 }).end()
    } else if (what === 'stream') await stream(node, request, response)
    else if (get) await get(node, request, response)
    else response.writeHead(404).end()
  })
  // A sender that has had nothing to send for a while comes again.
  server.keepAliveTimeout = 0
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
    announce(server.address().port),
  )
}

export function announce(port) {
  console.log(`listens on http://127.0.0.1:${port}`)
}

export async function textOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Each node's readers, and how many entries it has had. */
export function nodes() {
  const byName = new Map()
  return (name) => {
    let node = byName.get(name)
    if (!node) {
      node = { readers: new Set(), count: 0 }
      byName.set(name, node)
    }
    return node
  }
}
