import type { IncomingMessage } from 'node:http'
import { afterAll, describe, expect, it } from 'vitest'
import { createClientAddress } from '../src/http/client-address.js'
import { createGuesses } from '../src/http/guesses.js'
import { networksOf } from '../src/trusted-proxies.js'
import { endAll, startServer, TOKEN } from './support/processes.js'
import { type RawAnswer, rawConnection, rawRequest } from './support/raw-http.js'

afterAll(endAll)

const WRONG = 'wrong-token-0123456789'
const MESSAGE = 'too many wrong admin tokens from this address, try again later'

describe('wrong tokens from one address', () => {
  it('are refused with 429 from the eleventh on, and so is the right one', async () => {
    const { ask } = await server()
    for (let i = 0; i < 10; i += 1)
      expect((await ask('127.0.0.2', `${WRONG}${i}`)).status).toBe(401)
    for (const token of [WRONG, TOKEN, undefined]) {
      const answer = await ask('127.0.0.2', token)
      expect([answer.status, answer.json()]).toEqual([429, { error: { message: MESSAGE } }])
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(30)
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60)
    }
  })

  it('lock out streams, exports, unknown and malformed paths, and metrics that need a token', async () => {
    const { ask } = await server()
    for (let i = 0; i < 10; i += 1) await ask('127.0.0.2', WRONG)
    const lines = [
      'GET /admin/nodes/n/logs/stream',
      'GET /admin/nodes/stream',
      'GET /admin/nodes/n/logs/export?format=csv',
      'DELETE /admin/nodes/n',
      'POST /admin/nodes',
      'GET /admin/nothing',
      'GET /admin/%zz',
      'GET /metrics',
    ]
    for (const line of lines) {
      const answer = await ask('127.0.0.2', TOKEN, line, { 'X-Forwarded-For': '192.0.2.1' })
      expect([line, answer.status]).toEqual([line, 429])
    }
    expect((await ask('127.0.0.2', undefined, 'GET /healthz')).status).toBe(200)
  })

  it('are counted wherever they are sent', async () => {
    const { ask } = await server()
    const lines = ['GET /admin/%zz', 'GET /admin/nothing', 'GET /metrics', 'PUT /admin/nodes']
    const headers = { 'X-Forwarded-For': '192.0.2.1' }
    for (let i = 0; i < 10; i += 1) {
      expect((await ask('127.0.0.2', WRONG, lines[i % 4], headers)).status).toBe(401)
    }
    expect((await ask('127.0.0.2', TOKEN)).status).toBe(429)
  })

  it('harm nobody else', async () => {
    const { ask } = await server()
    for (let i = 0; i < 30; i += 1) await ask('127.0.0.2', WRONG)
    expect((await ask('127.0.0.1', TOKEN)).status).toBe(200)
    expect((await ask('127.0.0.3', TOKEN)).status).toBe(200)
  })

  it('are not counted where there is none', async () => {
    const { ask } = await server()
    for (const token of [...Array(20).fill(undefined), '', '']) {
      expect((await ask('127.0.0.2', token)).status).toBe(401)
    }
    expect((await ask('127.0.0.2', TOKEN)).status).toBe(200)
  })
})

describe('X-Forwarded-For', () => {
  it('of a stranger is not believed', async () => {
    const { ask } = await server()
    for (let i = 0; i < 10; i += 1) {
      await ask('127.0.0.2', WRONG, undefined, { 'X-Forwarded-For': `192.0.2.${i}` })
    }
    const headers = { 'X-Forwarded-For': '127.0.0.1' }
    expect((await ask('127.0.0.2', TOKEN, undefined, headers)).status).toBe(429)
  })

  it('of a trusted proxy tells whose guesses they are', async () => {
    const { ask } = await server({ LAUNCHTAIL_TRUSTED_PROXIES: '127.0.0.2, 10.0.0.0/8' })
    const via = (hops: string, token: string) =>
      ask('127.0.0.2', token, undefined, { 'X-Forwarded-For': hops })
    // Only what the proxies appended counts, not what the caller claimed before it.
    for (let i = 0; i < 10; i += 1) await via(`198.51.100.${i}, 192.0.2.1, 10.0.0.7`, WRONG)
    expect((await via('192.0.2.1', TOKEN)).status).toBe(429)
    expect((await via('192.0.2.1:4711', TOKEN)).status).toBe(429)
    expect((await via('198.51.100.1', TOKEN)).status).toBe(200)
    expect((await via('192.0.2.1, 192.0.2.2', TOKEN)).status).toBe(200)
    expect((await ask('127.0.0.2', TOKEN)).status).toBe(200)
  })

  it('that is garbage leaves the guesses with the proxy', async () => {
    const guesses = guessing({ trusted: '127.0.0.2' })
    for (let i = 0; i < 10; i += 1) guesses.guess('127.0.0.2', `192.0.2.${i}, garbage${i}`)
    expect(guesses.isLocked('127.0.0.2')).toBe(true)
    expect(guesses.isLocked('127.0.0.2', '192.0.2.1')).toBe(false)
  })
})

describe('an address', () => {
  it('is free again a minute after the first of its last ten guesses', () => {
    const guesses = guessing()
    for (let i = 0; i < 10; i += 1) {
      guesses.guess('192.0.2.1')
      guesses.wait(1000)
    }
    expect(guesses.isLocked('192.0.2.1')).toBe(true)
    guesses.wait(49_999)
    expect(guesses.isLocked('192.0.2.1')).toBe(true)
    guesses.wait(1)
    expect(guesses.isLocked('192.0.2.1')).toBe(false)
    guesses.guess('192.0.2.1')
    expect(guesses.isLocked('192.0.2.1')).toBe(true)
  })

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002::1', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::1', '::2', true],
    ['fe80::1%eth0', 'fe80::2', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:c000:201', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['192.0.2.1', '192.0.2.2', false],
  ])('of IPv6 counts with its /64: %s and %s', (first, second, isOne) => {
    const guesses = guessing()
    for (let i = 0; i < 10; i += 1) guesses.guess(first)
    expect(guesses.isLocked(second)).toBe(isOne)
  })

  it('is forgotten where there are too many, the one of the oldest guess first', () => {
    const guesses = guessing()
    for (let i = 0; i < 10; i += 1) guesses.guess('192.0.2.1')
    for (let i = 0; i < 10; i += 1) guesses.guess('192.0.2.2')
    for (let i = 0; i < 9_999; i += 1) guesses.guess(`10.0.${i >> 8}.${i & 255}`)
    expect(guesses.isLocked('192.0.2.1')).toBe(false)
    expect(guesses.isLocked('192.0.2.2')).toBe(true)
  })
})

describe('LAUNCHTAIL_TRUSTED_PROXIES', () => {
  it.each(['localhost', '10.0.0.0/33', 'fd00::/129', '1.2.3', '10.0.0.0/', '*', '::1%lo'])(
    'is refused where it is no list of addresses: %s',
    (text) => {
      expect(() => networksOf(`127.0.0.1,${text}`)).toThrow(`not "${text}"`)
    },
  )
})

/** A server, and requests to it that come from an address of this machine. */
async function server(env: Record<string, string> = {}) {
  const { url } = await startServer({ env })
  return { ask }

  function ask(
    from: string,
    token: string | undefined,
    line = 'GET /admin/nodes',
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> {
    const given = token === undefined ? headers : { ...headers, 'X-Admin-Token': token }
    const connection = rawConnection(url, rawRequest(line, given), from)
    return connection.answer().finally(() => connection.end())
  }
}

/** Guesses at a time of the test's own. */
function guessing({ trusted = '' } = {}) {
  let time = 0
  const guesses = createGuesses({
    clientAddress: createClientAddress(networksOf(trusted)),
    now: () => time,
  })
  const request = (remoteAddress: string, forwarded?: string) =>
    ({
      socket: { remoteAddress },
      headers: { 'x-forwarded-for': forwarded },
    }) as unknown as IncomingMessage
  return {
    guess: (address: string, forwarded?: string) => guesses.count(request(address, forwarded)),
    wait: (ms: number) => {
      time += ms
    },
    isLocked(address: string, forwarded?: string): boolean {
      try {
        guesses.check(request(address, forwarded))
        return false
      } catch {
        // 429, the only error that it throws.
        return true
      }
    },
  }
}
