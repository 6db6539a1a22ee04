// Hono on Node, with its helper for event streams: `stream.writeSSE` for each reader and event.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { announce, nodes } from './http.mjs'

const node = nodes()
const app = new Hono()

app.get('/stream/:name', (context) => {
  const { readers } = node(context.req.param('name'))
  return streamSSE(context, async (stream) => {
    // Node sends the head with the first bytes.
    await stream.write(':\n\n')
    readers.add(stream)
    await new Promise((resolve) => stream.onAbort(resolve))
    readers.delete(stream)
  })
})

app.post('/publish/:name', async (context) => {
  const to = node(context.req.param('name'))
  const event = { event: 'log', data: await context.req.text(), id: String(to.count) }
  to.count += 1
  for (const reader of to.readers) void reader.writeSSE(event)
  return context.body(null, 202)
})

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  announce(port),
)
server.keepAliveTimeout = 0
server.on('error', (error) => {
  console.error(error)
  process.exit(1)
})
