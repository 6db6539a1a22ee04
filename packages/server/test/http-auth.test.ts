import { execFile } from 'node:child_process'
import crypto from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { operations } from '@launchtail/client/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { authenticator } from '../src/http/auth.js'
import {
  endAll,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
} from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'

const MISSING = { error: { message: 'missing admin token' } }
const INVALID = { error: { message: 'invalid admin token' } }
const SECOND = 'second-token-9876543210'
const NO_TOKENS = { principalOf: () => undefined, isKnown: () => false }

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_ADMIN_TOKEN: `${TOKEN},${SECOND}` } })
  await as(TOKEN, '/admin/nodes', {
    method: 'POST',
    body: '{"node_id":"known"}',
    headers: JSON_TYPE,
  })
})

afterAll(endAll)

const JSON_TYPE = { 'Content-Type': 'application/json' }

/** A request with this token, or with none. */
function as(token: string | undefined, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(token !== undefined && { 'X-Admin-Token': token }), ...init.headers }
  return fetch(server.url + path, { ...init, headers })
}

/** What a request line gets that no client would write, without a token unless one is given. */
function raw(line: string, headers: Record<string, string> = {}, body?: string) {
  return rawConnection(server.url, rawRequest(line, headers, body)).answer()
}

/** The status of an answer that has no body, whatever its head says. */
async function statusOfHead(path: string): Promise<number> {
  const connection = rawConnection(server.url, rawRequest(`HEAD ${path}`, { Connection: 'close' }))
  await connection.closed()
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(connection.text())?.[1])
}

describe('without a token', () => {
  const described = [...new Set(Object.values(operations).map(({ path }) => path))]
  const others = ['/admin', '/admin/', '/admin/nothing', '/admin/nodes/known/nothing/at/all']
  const disguised = [
    '//admin/nodes',
    '/%61dmin/nodes',
    '/Admin/nodes',
    '/admin%2fnodes',
    '/admin/%zz',
    '/admin/nodes/%zz/logs',
    '/admin/../admin/nodes',
    '/admin/nodes;x',
  ]

  it.each([...described, ...others])('no method gets beyond the door of %s', async (path) => {
    const target = path.replace('{id}', 'known')
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await as(undefined, target, { method })
      expect([method, response.status, await response.json()]).toEqual([method, 401, MISSING])
    }
    const head = await as(undefined, target, { method: 'HEAD' })
    expect(head.status).toBe(401)
    for (const method of ['TRACE', 'PROPFIND']) {
      const answer = await raw(`${method} ${target}`)
      expect([method, answer.status]).toEqual([method, 401])
    }
  })

  it.each(disguised)('another spelling of the path is no way in: %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await raw(`${method} ${path}`)
      expect([method, answer.status]).toEqual([method, 401])
    }
    expect(await statusOfHead(path)).toBe(401)
  })

  it('nothing was made, changed or removed by any of these', async () => {
    const { nodes } = (await (await as(TOKEN, '/admin/nodes')).json()) as { nodes: object[] }
    expect(nodes).toMatchObject([{ node_id: 'known', status: 'launching', phases: [] }])
  })

  it('health, readiness and the page can be had', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/docs', '/openapi.json']) {
      expect([path, (await as(undefined, path)).status]).toEqual([path, 200])
    }
  })

  it('an unknown path outside of /admin is not found, in the one shape', async () => {
    const usual = ['/nothing', '/administrator', '/healthz/more', '/../etc/passwd']
    // What would be a pattern, and a malformed one, among the framework's routes.
    for (const path of [...usual, '/*a', '/a*/b', '/:a(', '/:a(\\d+)', '/::']) {
      const answer = await raw(`GET ${path}`)
      expect([path, answer.status]).toEqual([path, 404])
      expect(answer.json()).toEqual({ error: { message: 'not found' } })
    }
  })
})

describe('a token elsewhere than in its header', () => {
  it.each([
    `token=${TOKEN}`,
    `x-admin-token=${TOKEN}`,
    `X-Admin-Token=${TOKEN}`,
    `admin_token=${TOKEN}`,
  ])('is not looked for in the query', async (query) => {
    const response = await as(undefined, `/admin/nodes?${query}`)
    expect([response.status, await response.json()]).toEqual([401, MISSING])
  })

  it('counts for nothing as cookie, as basic or bearer authorization, or in a fragment', async () => {
    const basic = Buffer.from(`admin:${TOKEN}`).toString('base64')
    for (const headers of [
      { Cookie: `X-Admin-Token=${TOKEN}` },
      { Authorization: `Basic ${basic}` },
      { Authorization: `Bearer ${TOKEN}` },
    ]) {
      const answer = await raw('GET /admin/nodes', headers)
      expect([answer.status, answer.json()]).toEqual([401, MISSING])
    }
    expect((await raw(`GET /admin/nodes#${TOKEN}`)).status).toBe(401)
  })

  it('an empty one is a missing one', async () => {
    const response = await as('', '/admin/nodes')
    expect([response.status, await response.json()]).toEqual([401, MISSING])
  })
})

describe('the token', () => {
  it('may be any of those that are configured', async () => {
    for (const token of [TOKEN, SECOND]) {
      expect((await as(token, '/admin/nodes')).status).toBe(200)
    }
  })

  it('given twice or as a list is wrong, even where one of them is right', async () => {
    const wrong = [
      `X-Admin-Token: ${TOKEN}\r\nX-Admin-Token: ${TOKEN}`,
      `X-Admin-Token: ${TOKEN}\r\nX-Admin-Token: other`,
      `X-Admin-Token: other\r\nX-Admin-Token: ${TOKEN}`,
      `X-Admin-Token: ${TOKEN}\r\nx-admin-token: ${SECOND}`,
      `X-Admin-Token: ${TOKEN}, ${TOKEN}`,
      `X-Admin-Token: ${TOKEN},${SECOND}`,
      `X-Admin-Token: a, ${TOKEN}`,
    ]
    for (const lines of wrong) {
      const text = `GET /admin/nodes HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n\r\n`
      const answer = await rawConnection(server.url, text, '127.0.0.2').answer()
      expect([lines, answer.status, answer.json()]).toEqual([lines, 401, INVALID])
    }
  })

  it('that is wrong is refused whatever its length, also where it begins or ends as the right one', async () => {
    const guesses = [
      ...Array.from({ length: TOKEN.length }, (_, i) => TOKEN.slice(0, i + 1)).slice(0, -1),
      ...Array.from({ length: 4 }, (_, i) => 'x'.repeat(10 ** i)),
      `${TOKEN}x`,
      `x${TOKEN}`,
      TOKEN.toUpperCase(),
      TOKEN.repeat(2),
      'x'.repeat(TOKEN.length),
    ]
    for (const [i, guess] of guesses.entries()) {
      const text = rawRequest('GET /admin/nodes', tokenOf(guess))
      // Each from an address of its own: the eleventh from one would be 429.
      const answer = await rawConnection(server.url, text, `127.0.1.${i + 1}`).answer()
      expect([guess, answer.status, answer.json()]).toEqual([guess, 401, INVALID])
    }
  })

  it('of a megabyte, with a NUL or outside of ASCII is refused and never a fault', async () => {
    const huge = rawConnection(
      server.url,
      rawRequest('GET /admin/nodes', tokenOf('x'.repeat(1 << 20))),
    )
    expect((await huge.answer()).status).toBe(431)
    const nul = await rawConnection(
      server.url,
      rawRequest('GET /admin/nodes', tokenOf('a\0b')),
    ).answer()
    // No header may hold it, so it is the request that is malformed.
    expect([nul.status, nul.json()]).toEqual([400, { error: { message: 'bad request' } }])
    for (const token of ['tökén', '密码', '\u{1F511}', `${TOKEN}\u00a0`]) {
      const request = Buffer.from(rawRequest('GET /admin/nodes', tokenOf(token)))
      const answer = await rawConnection(server.url, request).answer()
      expect([token, answer.status, answer.json()]).toEqual([token, 401, INVALID])
    }
    expect((await as(TOKEN, '/admin/nodes')).status).toBe(200)
  })

  it('is asked for the metrics where they come through a proxy, as Prometheus sends it, too', async () => {
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/metrics`, { headers: { Via: '1.1 a', ...headers } })).status
    expect(await ask({})).toBe(401)
    expect(await ask({ Authorization: `Bearer ${TOKEN}` })).toBe(200)
    expect(await ask(tokenOf(TOKEN))).toBe(200)
    expect(await ask({ Authorization: 'Bearer wrong-token-0123456789' })).toBe(401)
  })

  it('is in nothing the server says of itself', async () => {
    await as(undefined, `/admin/nodes?token=${TOKEN}`)
    await as(`${TOKEN}-wrong`, '/admin/nodes')
    const metrics = await (await as(TOKEN, '/metrics')).text()
    expect(`${metrics}${server.output()}`).not.toContain(TOKEN)
  })
})

function tokenOf(token: string) {
  return { 'X-Admin-Token': token }
}

/** As many guesses as one likes. */
const anyNumber = { check() {}, count() {} }

describe('the comparison', () => {
  const real = crypto.timingSafeEqual
  afterEach(() => {
    crypto.timingSafeEqual = real
    syncBuiltinESMExports()
  })

  /** Counts what is compared, and with what lengths. */
  function watchComparisons(): number[] {
    const lengths: number[] = []
    crypto.timingSafeEqual = (a, b) => {
      lengths.push(a.byteLength, b.byteLength)
      return real(a, b)
    }
    syncBuiltinESMExports()
    return lengths
  }

  it('is of digests, and of every configured token whichever is right', () => {
    const tokens = ['first', 'the-second-one', 'third']
    const { authenticate } = authenticator({
      configured: tokens,
      tokens: NO_TOKENS,
      guesses: anyNumber,
    })
    const compared = watchComparisons()
    for (const token of [...tokens, 'f', 'firs', 'first!', 'wrong', 'x'.repeat(5000)]) {
      compared.length = 0
      const request = { headers: { 'x-admin-token': token } } as unknown as IncomingMessage
      if (tokens.includes(token)) authenticate(request)
      else expect(() => authenticate(request)).toThrow('invalid admin token')
      expect(compared).toEqual([32, 32, 32, 32, 32, 32])
    }
  })

  it('gives each token a name that does not hold it', () => {
    const { authenticate } = authenticator({
      configured: ['first', 'second'],
      tokens: NO_TOKENS,
      guesses: anyNumber,
    })
    const names = ['first', 'second'].map(
      (token) =>
        authenticate({ headers: { 'x-admin-token': token } } as unknown as IncomingMessage).id,
    )
    expect(new Set(names).size).toBe(2)
    expect(names.join()).not.toMatch(/first|second/)
  })
})

describe('a made token', () => {
  it('is shown once, kept for the owner alone, and on no command line', async () => {
    const dataDir = join(await temporaryFolder(), 'data')
    const env = { LAUNCHTAIL_ADMIN_TOKEN: '' }
    const first = await startServer({ dataDir, env })
    const file = join(dataDir, 'admin-token')
    const token = (await readFile(file, 'utf8')).trim()
    expect(token).toMatch(/^[\w-]{32,}$/)
    expect(first.output().split(token)).toHaveLength(2)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    const { stdout } = await promisify(execFile)('ps', [
      '-o',
      'args=',
      '-p',
      String(first.child.pid),
    ])
    expect(stdout).toContain('serve')
    expect(stdout).not.toContain(token)
    await first.stop()

    const second = await startServer({ dataDir, env })
    const response = await fetch(`${second.url}/admin/nodes`, { headers: tokenOf(token) })
    expect(response.status).toBe(200)
    expect((await readFile(file, 'utf8')).trim()).toBe(token)
    expect(first.output().slice(first.output().indexOf(token) + token.length)).not.toContain(token)
    expect(second.output()).not.toContain(token)
  })

  it('is not made where one is configured', async () => {
    await expect(stat(join(server.dataDir, 'admin-token'))).rejects.toThrow('ENOENT')
    expect(server.output()).not.toMatch(/token/i)
  })
})

describe('a server on loopback', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '2130706433',
  ])('refuses the Host %s before anything else', async (Host) => {
    for (const path of ['/admin/nodes', '/', '/healthz', '/nothing', '/metrics']) {
      const answer = await raw(`GET ${path}`, { Host })
      const message = "'Host' names another server; see LAUNCHTAIL_ALLOWED_HOSTS"
      expect([path, answer.status, answer.json()]).toEqual([path, 400, { error: { message } }])
    }
  })

  it('answers to its own names', async () => {
    for (const Host of ['127.0.0.1', 'localhost', 'LOCALHOST:8080', '[::1]:8080', '127.0.0.1:1']) {
      expect([Host, (await raw('GET /healthz', { Host })).status]).toEqual([Host, 200])
    }
  })

  it('refuses HTTP/1.1 without a Host, in the one shape', async () => {
    const connection = rawConnection(server.url, 'GET /healthz HTTP/1.1\r\n\r\n')
    const answer = await connection.answer()
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ error: { message: expect.any(String) } })
  })

  it('answers to names it was told of', async () => {
    const { url } = await startServer({ env: { LAUNCHTAIL_ALLOWED_HOSTS: 'gpu.example,other' } })
    const ask = (Host: string) => rawConnection(url, rawRequest('GET /healthz', { Host })).answer()
    expect((await ask('gpu.example:443')).status).toBe(200)
    expect((await ask('gpu.example.evil')).status).toBe(400)
  })
})

describe('a page of another origin', () => {
  const Origin = 'https://evil.example'
  const corsHeaders = (headers: Readonly<Record<string, string>>) =>
    Object.keys(headers).filter((name) => name.startsWith('access-control-'))

  it('cannot send anything in by a simple request', async () => {
    const headers = { Origin, 'Content-Type': 'text/plain', 'Sec-Fetch-Site': 'cross-site' }
    const answer = await raw('POST /admin/nodes/known/logs', headers, 'a line\n')
    expect([answer.status, answer.json()]).toEqual([401, MISSING])
    const logs = await (await as(TOKEN, '/admin/nodes/known/logs')).json()
    expect(logs).toMatchObject({ count: 0 })
  })

  it('is given no leave by any answer, the preflight least of all', async () => {
    const preflight = {
      Origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'x-admin-token',
    }
    for (const path of [
      '/admin/nodes',
      '/admin/nodes/known/logs',
      '/admin/nodes/known/logs/stream',
    ]) {
      const answer = await raw(`OPTIONS ${path}`, preflight)
      expect([path, answer.status, corsHeaders(answer.headers)]).toEqual([path, 401, []])
    }
    for (const path of ['/healthz', '/metrics', '/openapi.json', '/nothing']) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await raw(`${method} ${path}`, method === 'GET' ? { Origin } : preflight)
        expect([path, corsHeaders(answer.headers)]).toEqual([path, []])
      }
    }
    const allowed = await raw('GET /admin/nodes', { Origin, ...tokenOf(TOKEN) })
    expect([allowed.status, corsHeaders(allowed.headers)]).toEqual([200, []])
  })
})

describe('every answer', () => {
  it.each([
    ['GET /admin/nodes', 200],
    ['GET /admin/nodes/known', 200],
    ['GET /admin/nodes/known/logs', 200],
    ['GET /admin/nodes/known/logs/export?format=json', 200],
    ['GET /admin/nodes/unknown', 404],
    ['GET /admin/nodes/known/logs?tail=x', 400],
    ['PUT /admin/nodes', 405],
    ['POST /admin/nodes', 415],
    ['GET /healthz', 200],
    ['GET /readyz', 200],
    ['GET /openapi.json', 200],
    ['GET /nothing', 404],
    ['GET /%zz', 400],
  ])('is not stored, not sniffed, in UTF-8, and names no software: %s', async (line, status) => {
    const answer = await raw(line, tokenOf(TOKEN))
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json; charset=utf-8',
    })
    expect(Object.keys(answer.headers)).not.toContain('server')
    expect(Object.keys(answer.headers)).not.toContain('x-powered-by')
  })

  it('to one who is not let in tells no version', async () => {
    for (const path of [
      '/admin/nodes',
      '/admin/nothing',
      '/nothing',
      '/healthz',
      '/readyz',
      '/%zz',
    ]) {
      const { headers, body } = await raw(`GET ${path}`)
      expect(JSON.stringify([headers, body])).not.toMatch(/\d+\.\d+\.\d+|fastify|node\.?js/i)
    }
  })
})

describe('of several things that are wrong', () => {
  const json = tokenOf(TOKEN)
  const stream = '/admin/nodes/unknown/logs/stream?tail=x'
  const post = 'POST /admin/nodes/unknown/logs'

  it('the Host is told of first, then the token', async () => {
    expect((await raw(`PUT ${stream}`, { Host: 'evil.example' })).status).toBe(400)
    expect((await raw(`PUT ${stream}`)).status).toBe(401)
    expect((await raw(post, { 'Content-Type': 'image/png' }, '{')).status).toBe(401)
    expect((await raw(`GET ${stream}`, { Accept: 'image/png' })).status).toBe(401)
  })

  it('then the method', async () => {
    const answer = await raw(`PUT ${stream}`, { ...json, Accept: 'image/png' })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow?.split(', ').sort()).toEqual(['GET', 'HEAD'])
  })

  it('then what is accepted, and what is sent', async () => {
    expect((await raw(`GET ${stream}`, { ...json, Accept: 'image/png' })).status).toBe(406)
    expect((await raw(post, { ...json, 'Content-Type': 'image/png' }, '{')).status).toBe(415)
  })

  it('then the form, and only then that there is no such node', async () => {
    expect((await raw(`GET ${stream}`, json)).status).toBe(400)
    expect((await raw('GET /admin/nodes/unknown/logs/stream', json)).status).toBe(404)
    const body = { ...json, ...JSON_TYPE }
    expect((await raw(post, body, '{')).status).toBe(400)
    expect((await raw(post, body, '{"message":"x"}')).status).toBe(404)
    const text = { ...json, 'Content-Type': 'text/plain' }
    expect((await raw(post, { ...text, 'Log-Source': 'x' }, 'a\n')).status).toBe(400)
    expect((await raw(post, text, 'a\n')).status).toBe(404)
  })
})
