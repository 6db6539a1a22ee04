// Fastify with its own plugin for event streams: `reply.sse.send` for each reader and event.
import sse from '@fastify/sse'
import fastify from 'fastify'
import { announce, nodes } from './http.mjs'

const node = nodes()
const app = fastify()
// The entry is JSON already.
await app.register(sse, { serializer: (data) => data, heartbeatInterval: 0 })
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
app.removeContentTypeParser('application/json')

app.get('/stream/:name', { sse: { kind: 'only', heartbeat: false } }, async (request, reply) => {
  const { readers } = node(request.params.name)
  reply.sse.keepAlive()
  reply.sse.sendHeaders()
  reply.raw.flushHeaders()
  readers.add(reply.sse)
  reply.sse.onClose(() => readers.delete(reply.sse))
})

app.post('/publish/:name', async (request, reply) => {
  const to = node(request.params.name)
  const event = { event: 'log', data: request.body, id: String(to.count) }
  to.count += 1
  // A reader that leaves meanwhile rejects; its `onClose` takes it out.
  for (const reader of to.readers) reader.send(event).catch(() => {})
  return reply.code(202).send()
})

await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
announce(app.server.address().port)
