import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import { endAll, type RunningRedis, startRedis, startServer, until } from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { openStream } from './support/stream.js'

// A connection to Redis that is cut is made anew within a few milliseconds.

const CUTS = 20
const SOURCE = '123e4567-e89b-12d3-a456-426614174000'

let redis: RunningRedis

beforeAll(async () => {
  redis = await startRedis(['--appendonly', 'no'])
})
afterAll(endAll)

async function startBehindProxy() {
  const proxy = await startProxy(redis.port)
  const url = `redis://127.0.0.1:${proxy.port}`
  const server = await startServer({ env: { REDIS_URL: url, LAUNCHTAIL_LOG_LEVEL: 'error' } })
  return { proxy, server, id: await newNode(server) }
}

describe('a connection to Redis that is cut', () => {
  it(`is no 503 for what is asked right after, in ${CUTS} cuts`, async () => {
    const { proxy, server, id } = await startBehindProxy()
    const path = `/admin/nodes/${id}/logs`
    const send = (message: string) => server.post(path, { message })
    expect((await send('first')).status).toBe(202)
    const reader = await openStream(`${server.url}${path}/stream`, {
      'X-Admin-Token': server.token,
    })
    const refused: string[] = []
    for (let cut = 1; cut <= CUTS; cut += 1) {
      proxy.cutAll()
      // From before the server has noticed to after the connection is there again.
      for (let at = 0; at < 8; at += 1) {
        const answers = {
          read: server.fetch(path),
          offset: server.fetch(path, { method: 'HEAD', headers: { 'Log-Source': SOURCE } }),
          create: server.post('/admin/nodes', {}),
          ready: server.fetch('/readyz'),
          export: server.fetch(`${path}/export?format=text`),
          append: send(`${cut}.${at}`),
        }
        for (const [what, answer] of Object.entries(answers)) {
          const { status } = await answer
          if (status >= 400) refused.push(`cut ${cut}, ${at}: ${what} ${status}`)
        }
      }
    }
    expect(refused).toEqual([])
    const all = await listed(server, id)
    expect(new Set(all).size).toBe(all.length)
    expect(all).toHaveLength(1 + CUTS * 8)
    await until('the reader to have all', () => reader.messages().length === all.length)
    expect(reader.messages()).toEqual(all)
  })

  it('may take the answer to an append with it, which is still stored once and accepted', async () => {
    const proxy = await startProxy(redis.port)
    const url = `redis://127.0.0.1:${proxy.port}`
    // So that what is lost is the answer to an append and not to a look at the lists.
    const server = await startServer({
      env: { REDIS_URL: url, LAUNCHTAIL_POLL_INTERVAL: '60s', LAUNCHTAIL_LOG_LEVEL: 'error' },
    })
    const id = await newNode(server)
    const accepted: string[] = []
    for (let lost = 1; lost <= 24; lost += 1) {
      proxy.loseReply(1 + (lost % 3))
      for (let at = 0; proxy.lost() < lost || at < 3; at += 1) {
        const message = `${lost}.${at}`
        const key = { 'Idempotency-Key': message }
        const answer = await server.post(
          `/admin/nodes/${id}/logs`,
          { message },
          lost % 2 ? key : {},
        )
        expect([message, answer.status, answer.headers.get('Idempotent-Replayed')]).toEqual([
          message,
          202,
          null,
        ])
        const { cursor } = (await answer.json()) as { cursor: string }
        expect(Number.parseInt(cursor, 10)).toBe(accepted.length)
        accepted.push(message)
      }
    }
    expect(await listed(server, id)).toEqual(accepted)
  })
})
