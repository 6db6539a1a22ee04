import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { entries, foreignCommands, launchBody, output, request } from './support/any-input.js'
import { type ProbedServer, startProbed, statusOf } from './support/probed-server.js'
import { endAll, type RunningRedis, startRedis } from './support/processes.js'
import { fc } from './support/property.js'

// No entry, message, line, YAML, header or key makes an answer of 500, holds the event loop for more
// than 50 ms, or concerns another node. `LAUNCHTAIL_TEST_TRIES` asks for more tries.

const TRIES = Number(process.env.LAUNCHTAIL_TEST_TRIES ?? 2000)
const TIME = { timeout: 60_000 + TRIES * 300 }

/** What shows a log, in every form. */
const SHOWN = [
  '/logs?tail=20',
  '/logs?tail=20&level=warn',
  '/logs/export?format=csv&tail=50',
  '/logs/export?format=text&tail=50',
  '/logs/export?format=ndjson&tail=50',
  '/logs/export?format=json&tail=50',
  '/logs/stream?follow=false&tail=20',
  '',
]
const shown = fc.constantFrom(...SHOWN)

let redis: RunningRedis
let servers: Record<'embedded' | 'redis', ProbedServer>

beforeAll(async () => {
  redis = await startRedis(['--appendonly', 'no'])
  // Nothing listens there, so a launch is refused when everything about it has been read.
  const env = { SKYPILOT_API_SERVER_ENDPOINT: 'http://127.0.0.1:1' }
  const [embedded, onRedis] = await Promise.all([
    startProbed(env),
    startProbed({ ...env, REDIS_URL: redis.url }),
  ])
  servers = { embedded, redis: onRedis }
})
afterAll(endAll)

function runs(share: number) {
  return { numRuns: Math.ceil(TRIES * share), endOnFailure: true }
}

/** The status of an answer that was read to its end. */
async function settled(answer: Promise<Response>): Promise<number> {
  const { status, text } = await answer.then(async (all) => ({
    status: all.status,
    text: await all.text(),
  }))
  expect(status, text.slice(0, 500)).not.toBe(500)
  return status
}

describe.each(['embedded', 'redis'] as const)('the %s store', (kind) => {
  it('takes or refuses any body of entries, and shows what it took', TIME, async () => {
    const server = servers[kind]
    await fc.assert(
      fc.asyncProperty(entries, shown, async ({ type, body }, path) => {
        const node = await server.victim()
        await server.unharmedBy(async () => {
          const init = { method: 'POST', body, headers: { 'Content-Type': type } }
          const sent = await settled(server.fetch(`${node}/logs`, init))
          expect([202, 400, 413, 415]).toContain(sent)
          expect(await settled(server.fetch(node + path))).toBe(200)
        })
      }),
      runs(0.15),
    )
  })

  it('takes any output, and shows it', TIME, async () => {
    const server = servers[kind]
    await fc.assert(
      fc.asyncProperty(output, shown, async (body, path) => {
        const node = await server.victim()
        await server.unharmedBy(async () => {
          const init = { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } }
          expect(await settled(server.fetch(`${node}/logs`, init))).toBe(202)
          expect(await settled(server.fetch(node + path))).toBe(200)
        })
      }),
      runs(0.15),
    )
  })

  it('answers any request', TIME, async () => {
    const server = servers[kind]
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, headers, body }) => {
        const node = await server.victim()
        const target = path.replace('/admin/nodes/NODE', node)
        const search = query.map(([name, value]) => `${name}=${value}`).join('&')
        const lines = [
          `${method} ${target}${search && `?${search}`} HTTP/1.1`,
          'Host: 127.0.0.1',
          `X-Admin-Token: ${server.token}`,
          ...headers.map(([name, value]) => `${name}: ${value}`),
          ...(body === null ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]),
        ]
        const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`, 'latin1')
        await server.unharmedBy(async () => {
          expect(await statusOf(server, bytes)).toBeLessThan(500)
        })
      }),
      runs(0.15),
    )
  })
})

describe('a launch', () => {
  it(
    'of any form is refused by what is wrong with it, or because SkyPilot is away',
    TIME,
    async () => {
      const server = servers.embedded
      await fc.assert(
        fc.asyncProperty(launchBody, async (body) => {
          await server.unharmedBy(async () => {
            const answer = await settled(server.post('/admin/nodes/launch', body))
            expect([400, 413, 503]).toContain(answer)
          })
        }),
        runs(0.05),
      )
    },
  )
})

describe('another program on the same Redis', () => {
  it('may do anything to a node’s keys', TIME, async () => {
    const server = servers.redis
    const client = new Redis(redis.url)
    onTestFinished(() => client.disconnect())
    await fc.assert(
      fc.asyncProperty(foreignCommands, shown, async (commands, path) => {
        const node = await server.victim()
        const list = `node_logs:${node.slice('/admin/nodes/'.length)}`
        const own = `launchtail:{${list}}`
        await server.unharmedBy(async () => {
          for (const [name, ...args] of commands) {
            const named = args.map((arg) =>
              typeof arg === 'string' ? arg.replace('LIST', list).replace('OWN', own) : arg,
            )
            // Redis refuses some of them: a list that is a string, an index that is not there.
            await client.call(String(name), ...named).catch(() => {})
          }
          // A key of another type is 503, for that node alone.
          expect([200, 503]).toContain(await settled(server.fetch(node + path)))
          const sent = server.post(`${node}/logs`, { message: 'm' }, { 'Idempotency-Key': 'k' })
          expect([202, 422, 503]).toContain(await settled(sent))
        })
      }),
      runs(0.05),
    )
  })
})
