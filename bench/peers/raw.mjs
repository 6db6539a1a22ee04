// What most people would call the limit of Node: one Buffer for all readers, framed once, and one
// `socket.write` for each reader and event. It knows nothing else: no history, no bounds.
import { nodes, serve } from './http.mjs'

const node = nodes()

serve({
  stream(name, request, response) {
    const { readers } = node(name)
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    response.flushHeaders()
    readers.add(request.socket)
    request.socket.on('close', () => readers.delete(request.socket))
    request.socket.on('error', () => {})
  },
  publish(name, entry) {
    const to = node(name)
    const event = `event: log\ndata: ${entry}\nid: ${to.count}\n\n`
    to.count += 1
    const frame = Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
    for (const socket of to.readers) socket.write(frame)
  },
})
