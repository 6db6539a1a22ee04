// The algorithm of the API's reference document: entries are a Redis list, and each reader looks
// at the whole of it every 500 ms. Senders RPUSH to `node_logs:<node>`.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { serve } from './http.mjs'

const POLL = 500

const redis = new Redis(process.env.REDIS_URL)

serve({
  async stream(name, request, response) {
    let gone = false
    request.socket.on('close', () => {
      gone = true
    })
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    response.flushHeaders()
    const tail = tailOf(request)
    let seen = Math.max(0, (await redis.llen(`node_logs:${name}`)) - tail)
    while (!gone) {
      const logs = await all(name)
      for (; seen < logs.length; seen += 1) {
        response.write(`event: log\ndata: ${JSON.stringify(logs[seen])}\nid: ${seen}\n\n`)
      }
      await sleep(POLL)
    }
  },
  async get(name, request, response) {
    const tail = tailOf(request)
    const logs = (await all(name)).slice(-tail)
    const body = JSON.stringify({ node_id: name, count: logs.length, logs })
    response
      .writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      })
      .end(body)
  },
})

async function all(name) {
  const texts = await redis.lrange(`node_logs:${name}`, 0, -1)
  return texts.map((text) => JSON.parse(text))
}

function tailOf(request) {
  const tail = new URL(request.url, 'http://localhost').searchParams.get('tail') ?? '100'
  return tail === 'all' ? Number.POSITIVE_INFINITY : Number(tail)
}
