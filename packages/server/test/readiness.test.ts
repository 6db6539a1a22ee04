import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LaunchRequest } from '@launchtail/client/protocol'
import { launchSchema } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { withoutSecrets } from '../src/launch/asked.js'
import { freePort } from '../src/launch/local/port.js'
import { type ProbeOptions, startProbe } from '../src/launch/probe.js'
import { isProbeLine } from '../src/launch/readiness/probe-lines.js'
import { readinessOf } from '../src/launch/readiness/readiness.js'
import { skyTaskOf } from '../src/launch/skypilot/task.js'
import { task, waitFor } from './support/launching.js'
import { launchLocally } from './support/local-launch.js'

const request = { provider: 'local', region: 'local', gpu: 'cpu' }

describe('what is asked', () => {
  test.each([
    ['a path', '/ready', { paths: ['/ready'] }],
    [
      'a map',
      {
        path: '/v1/$KIND',
        initial_delay_seconds: 1200,
        timeout_seconds: 15,
        post_data: { model: 'm' },
        headers: { Authorization: 'Bearer $TOKEN' },
      },
      {
        paths: ['/v1/models'],
        answer: 15_000,
        body: '{"model":"m"}',
        headers: { Authorization: 'Bearer one-more-secret' },
      },
    ],
    [
      'post_data that is JSON',
      { path: '/', post_data: '{"a":1}' },
      { paths: ['/'], body: '{"a":1}' },
    ],
  ])('the task’s readiness_probe: %s', (_, readiness_probe, expected) => {
    const text = task({ run: 'x', envs: { KIND: 'models' }, service: { readiness_probe } })
    const given = { ...request, task: text, secrets: { TOKEN: 'one-more-secret' } }
    expect(readinessOf(given)).toEqual({ ...expected, guessed: false })
  })

  test('the launch’s own path comes before the task’s, and without the task’s headers', () => {
    const service = { readiness_probe: { path: '/a', headers: { A: 'b' } } }
    const given = {
      ...request,
      task: task({ run: 'x', service }),
      readiness: { path: '/b', timeout: '2m' },
    }
    expect(readinessOf(given)).toEqual({ paths: ['/b'], guessed: false, timeout: 120_000 })
  })

  test('the known paths, health first, where nobody names one', () => {
    const { paths } = readinessOf({
      ...request,
      task: task({ run: 'x', service: { replicas: 1 } }),
    })
    expect(paths).toEqual(['/health', '/v1/models', '/v2/health/ready', '/'])
  })

  test.each([
    [7, '"service.readiness_probe" must be a path, or a map with a "path"'],
    ['health', '"service.readiness_probe" needs a path that begins with "/" and contains no blank'],
    [{ path: '/', post_data: '{' }, '"service.readiness_probe.post_data" must be a map, or JSON'],
    [
      { path: '/', headers: { 'a b': 'c' } },
      '"service.readiness_probe.headers" contains "a b", which cannot be sent',
    ],
    [
      { path: '/', timeout_seconds: 0 },
      '"service.readiness_probe.timeout_seconds" must be a number above 0 and at most 3600',
    ],
  ])('a task’s readiness_probe %j is refused', (readiness_probe, message) => {
    const text = task({ run: 'x', service: { readiness_probe } })
    expect(() =>
      skyTaskOf({ ...request, provider: 'aws', task: text }, { versions: VERSIONS }),
    ).toThrow(message)
  })

  test.each([
    [{ path: 'health' }, 'must begin with "/"'],
    [{ path: '/a b' }, 'must begin with "/"'],
    [{ timeout: 'soon' }, 'must be a duration'],
    [{ timeout: '0s' }, 'must be a duration'],
    [{ port: 0 }, ''],
  ])('readiness %j is refused', (readiness, message) => {
    const { error } = launchSchema.safeParse({ ...request, readiness })
    expect(error?.issues[0]?.message).toContain(message)
  })

  test('the port of readiness is opened, served on and asked through SkyPilot', () => {
    const own = skyTaskOf(
      {
        ...request,
        provider: 'aws',
        gpu: 'H100',
        task: task({ run: 'x' }),
        readiness: { port: 9000 },
      },
      { versions: VERSIONS },
    )
    expect(own).toMatchObject({
      port: 9000,
      envs: { PORT: '9000' },
      fields: { resources: { ports: ['9000'] } },
    })
    const vllm = {
      ...request,
      provider: 'aws',
      gpu: 'H100',
      model: 'm/m',
      readiness: { port: 9000 },
    }
    expect(skyTaskOf(vllm, { versions: VERSIONS })).toMatchObject({
      port: 9000,
      envs: { PORT: '9000' },
    })
    expect(() => skyTaskOf({ ...vllm, envs: { PORT: '8000' } }, { versions: VERSIONS })).toThrow(
      '"readiness.port"',
    )
  })
})

const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }

test('a secret in the path is not kept', () => {
  const readiness = { path: '/health?key=one-more-secret', port: 9000 }
  const { request: kept, masked } = withoutSecrets({ ...request, readiness }, ['one-more-secret'])
  expect(kept.readiness).toEqual({ path: '/health?key=***', port: 9000 })
  expect(masked).toEqual(['readiness.path'])
})

describe('which path decides', () => {
  test.each([
    ['one that has /health', { '/health': 503, '/v1/models': 200 }, false],
    ['one without it', { '/v1/models': 200 }, true],
    ['Triton', { '/v2/health/ready': 200 }, true],
    ['one that only has a page', { '/': 200 }, true],
    ['one that refuses the method', { '/health': 405, '/v1/models': 501, '/': 200 }, true],
  ])('%s', async (_, answers: Record<string, number>, ready) => {
    const asked: string[] = []
    const { probe } = await probed((q, s) => {
      asked.push(q.url ?? '')
      s.writeHead(answers[q.url ?? ''] ?? 404).end()
    })
    await waitFor(() => (ready ? probe.ready : asked.length > 3))
    expect(probe.ready).toBe(ready)
  })

  test('a server that answers 404 everywhere is told as what it is', async () => {
    const { probe, base } = await probed((_, s) => s.writeHead(404).end(), { patience: 100 })
    const warning = await waitFor(() => probe.takeWarning())
    expect(warning).toEqual({
      level: 'warn',
      message: `The server at ${base} answers 404 to /health, /v1/models, /v2/health/ready, /; set readiness.path`,
    })
    expect(probe.takeWarning()).toBeUndefined()
  })

  test('a server that loads is not complained about', async () => {
    let asked = 0
    const { probe } = await probed(
      (_, s) => {
        asked += 1
        s.writeHead(503).end()
      },
      { patience: 0 },
    )
    await waitFor(() => asked > 3)
    expect(probe).toMatchObject({ answers: true, ready: false, complaint: undefined })
    expect(probe.takeWarning()).toBeUndefined()
  })

  test('a strict server is asked without our query, a prefix of the endpoint is kept', async () => {
    const { probe } = await probed(
      (q, s) => s.writeHead(q.url === '/node/health' ? 200 : 404).end(),
      {
        mark: 'query',
        prefix: '/node',
      },
    )
    await waitFor(() => probe.ready)
    expect(probe.complaint).toBeUndefined()
  })

  test('headers and body of the task are sent', async () => {
    const { probe } = await probed(
      async (q, s) => {
        const body = (await q.toArray()).join('')
        const right =
          q.method === 'POST' && body === '{"a":1}' && q.headers.authorization === 'Bearer x'
        s.writeHead(right ? 200 : 403).end()
      },
      {
        readiness: {
          paths: ['/v1'],
          guessed: false,
          body: '{"a":1}',
          headers: { Authorization: 'Bearer x' },
        },
      },
    )
    await waitFor(() => probe.ready)
    expect(probe.complaint).toBeUndefined()
  })
})

describe('a local launch', () => {
  test('fails with what the server answers, after readiness.timeout', {
    timeout: 20_000,
  }, async () => {
    const { outcome, words } = await launchLocally({
      task: task({ run: server(404) }),
      readiness: { timeout: '3s' },
    })
    expect((await outcome)?.message).toMatch(
      /^not ready within 3s: the server at http:\/\/127\.0\.0\.1:\d+ answers 404 to \/health, .*; set readiness\.path$/,
    )
    expect(words).toContain('health_check')
  })

  test('is asked at the path and the port of the launch', async () => {
    const port = await freePort()
    const { words, all } = await launchLocally({
      task: task({ run: server(404, '/up').replaceAll('process.env.PORT', String(port)) }),
      readiness: { path: '/up', port },
    })
    await waitFor(() => words.includes('active'))
    expect(all.at(-1)).toMatchObject({ draft: { details: `http://127.0.0.1:${port}` } })
  })

  test('the probe’s access lines do not fill the log, and nobody else’s are lost', {
    timeout: 30_000,
  }, async () => {
    // It logs as uvicorn does, without the probe knowing.
    const { lines, line } = await launchLocally({
      task: task({ run: 'python3 -u -m http.server "$PORT" --bind 127.0.0.1' }),
      readiness: { path: '/none' },
    })
    const port = /\d+$/.exec(await line(/run started/))?.[0]
    const url = `http://127.0.0.1:${port}/none`
    await waitFor(() =>
      fetch(url).then(
        () => true,
        () => undefined,
      ),
    )
    for (let i = 0; i < 3; i += 1) await fetch(`${url}?mine=${i}`)
    await line(/mine=2/)
    const requests = lines.filter((text) => text.includes('GET /none'))
    expect(requests).toHaveLength(4)
  })
})

describe('access lines of the probe', () => {
  const OURS = [
    'INFO:     127.76.84.1:54321 - "GET /health HTTP/1.1" 200 OK',
    '(APIServer pid=12) INFO:     10.1.2.3:54321 - "GET /health?launchtail-probe=1 HTTP/1.1" 200 OK',
    '10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /health HTTP/1.1" 200 2 "-" "launchtail-probe"',
    '127.76.84.1 - - [22/Nov/2026 10:00:00] "GET /health HTTP/1.1" 404 -',
    '[GIN] 2026/11/22 - 10:00:00 | 200 |  12.3µs |     127.76.84.1 | GET      "/health"',
    'srv  log_server_r: request: GET /health 127.76.84.1 200',
    '127.76.84.1:52834 (scheme=http,method=GET,path=/health,type=,length=) (status=200)',
    '::ffff:127.76.84.1 - - "GET /health HTTP/1.1" 200',
    'INFO:     127.0.0.1:54321 - "GET /v1/models HTTP/1.1" 404 Not Found',
    '127.0.0.1 - - [22/Nov/2026 10:00:00] "GET /v2/health/ready HTTP/1.1" 404 -',
    '127.0.0.1 - - [22/Nov/2026 10:00:00] code 404, message File not found',
  ]
  const OTHERS = [
    'INFO:     127.0.0.1:54321 - "GET /health HTTP/1.1" 200 OK',
    'INFO:     127.0.0.1:54321 - "GET /v1/models?limit=1 HTTP/1.1" 404 Not Found',
    'INFO:     127.0.0.1:54321 - "GET /v1/completions HTTP/1.1" 404 Not Found',
    'INFO:     10.0.0.1:54321 - "GET /health HTTP/1.1" 404 Not Found',
    'INFO:     127.76.84.12:54321 - "GET /health HTTP/1.1" 200 OK',
    'INFO:     127.76.84.1:54321 connected',
    '10.0.0.1 - - "GET /health HTTP/1.1" 200 2 "-" "kube-probe/1.30"',
    'error: connect() failed (111: Connection refused), client: 10.0.0.1, request: "GET /health?launchtail-probe=1 HTTP/1.1"',
    'the client launchtail-probe is not welcome',
  ]
  test.each(OURS)('%s', (text) => expect(isProbeLine(text)).toBe(true))
  test.each(OTHERS)('not %s', (text) => expect(isProbeLine(text)).toBe(false))
})

/** A model server in one line of shell, which has one path, if any. */
function server(otherwise: number, path = 'none'): string {
  return `exec node -e "require('node:http').createServer((q, s) => { s.statusCode = q.url === '${path}' ? 200 : ${otherwise}; s.end() }).listen(process.env.PORT, '127.0.0.1')"`
}

async function probed(
  listener: RequestListener,
  { prefix = '', ...more }: Partial<ProbeOptions> & { prefix?: string } = {},
) {
  const listening = createServer(listener)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const leave = new AbortController()
  onTestFinished(() => {
    leave.abort()
    listening.close()
  })
  const base = `http://127.0.0.1:${(listening.address() as AddressInfo).port}${prefix}`
  const readiness = readinessOf(request as LaunchRequest)
  const probe = startProbe({
    base,
    readiness,
    mark: 'address',
    interval: 20,
    signal: leave.signal,
    ...more,
  })
  return { base, probe }
}
