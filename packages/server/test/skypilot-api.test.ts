import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { PREAMBLE } from '../src/launch/skypilot/node-probe/preamble.js'
import type { Pace } from '../src/launch/skypilot/pace.js'
import { TERMINATED } from '../src/logs/entry-text.js'
import { launchesContract } from './contracts/launches.js'
import * as scenarios from './support/launch-scenarios.js'
import {
  contentOf,
  removeFolder,
  startLaunching,
  task,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { until } from './support/processes.js'
import { FROM_SOURCES } from './support/program.js'
import { type DoubleOptions, type Hook, startDouble } from './support/skypilot-double.js'

/** As in real life, a hundred times as fast. */
const PACE: Pace = {
  ...{
    status: 60,
    cluster: 200,
    endpoint: 40,
    probe: 20,
    gap: 1000,
    steps: 300,
    first: 20,
    longest: 150,
    grace: 3000,
  },
  ...{ quiet: 200, patience: 300, start: 300, settle: 300, cleanup: 3000 },
  ...{ orphan: 600, cancel: 10_000, command: 3000 },
}
const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }

interface Options extends DoubleOptions {
  launchTimeout?: number
  pace?: Partial<Pace>
}

/** A SkyPilot, and a way to start a server that launches through it. */
async function open({ launchTimeout = 20_000, pace, ...double }: Options) {
  const api = await startDouble(double)
  const folder = temporaryFolder()
  const servers = new Set<Awaited<ReturnType<typeof startLaunching>>>()
  return { api, folder, launcher, start, stop, close }

  async function close(): Promise<void> {
    for (const server of servers) await server.stop()
    await api.close()
    removeFolder(folder)
  }

  function launcher(endpoint = api.url) {
    return skypilotLauncher({
      ...{ endpoint, token: double.token, versions: VERSIONS, launchTimeout },
      pace: { ...PACE, ...pace },
      http: { poll: 20, timeout: 1000, silence: 2000 },
    })
  }

  async function start() {
    const server = await startLaunching({ folder, launchers: (local) => [local, launcher()] })
    servers.add(server)
    return server
  }

  async function stop(server: Awaited<ReturnType<typeof startLaunching>>) {
    servers.delete(server)
    await server.stop()
  }
}

/** As `open`; closed with the test, which tells how if it does not run alone. */
async function sky(options: Options, finished: typeof onTestFinished = onTestFinished) {
  const world = await open(options)
  finished(world.close)
  return world
}

function request(more: Partial<LaunchRequest> = {}): LaunchRequest {
  return { node_id: 'gpu-1', provider: 'aws', region: 'local', gpu: 'H100', model: 'm/m', ...more }
}

const ended = ({ phase }: LogEntry) => phase === 'failed'
const active = ({ phase }: LogEntry) => phase === 'active'
const over = (entry: LogEntry) => ended(entry) || active(entry)

function phases(entries: readonly LogEntry[]): string[] {
  return entries.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1])
}

const UP_TO_ACTIVE = [
  ...['queued', 'provisioning', 'instance_ready', 'installing', 'model_loading'],
  ...['health_check', 'active'],
]

test('a launch goes through all eight phases, and is taken down when it is terminated', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  const { cluster_name } = await server.orchestrator.launch(request())
  const entries = await server.until('gpu-1', active)
  expect(phases(entries)).toEqual(UP_TO_ACTIVE)
  const messages = entries.map(({ message }) => message)
  expect(messages.filter((message) => message.startsWith('step '))).toEqual(
    Array.from({ length: 20 }, (_, i) => `step ${i}`),
  )
  expect(messages).not.toContain(expect.stringContaining('retrying 5 times'))
  await server.registry.flush()
  expect((await server.registry.get('gpu-1'))?.endpoint).toBe(
    `http://127.0.0.1:${api.clusters.get(cluster_name)?.port}`,
  )
  expect(api.launched).toEqual([cluster_name])
  expect(api.counts.streams).toBe(1)
  await server.orchestrator.terminate('gpu-1')
  const all = await server.until('gpu-1', ended)
  expect(all.filter(ended)).toMatchObject([{ level: 'warn', message: TERMINATED }])
  expect([...api.clusters.keys()]).toEqual([])
  expect(server.faults).toEqual([])
})

launchesContract({ open, short: 2500 })

/** What a launch that nothing happens to stores. */
async function undisturbed(finished?: typeof onTestFinished): Promise<string[]> {
  const { start } = await sky({ scenario: scenarios.plain() }, finished)
  const server = await start()
  await server.orchestrator.launch(request())
  return told(await server.until('gpu-1', active))
}

function told(entries: readonly LogEntry[]): string[] {
  return entries.map(({ phase, message }) => `${phase}: ${message}`)
}

/** Only what the launch itself printed. */
function printed(entries: readonly LogEntry[]): string[] {
  return entries
    .map(({ message }) => message)
    .filter(
      (message) =>
        !/^(?:Running health|Node is ready|SkyPilot (?:does not answer|answers again))/.test(
          message,
        ),
    )
}

function printedOf(expected: readonly string[]): string[] {
  return printed(
    expected.map((text) => ({ message: text.replace(/^\w+: /, '') })) as unknown as LogEntry[],
  )
}

describe('however it is cut', () => {
  test('a stream is read again and nothing is doubled or lost', async () => {
    const expected = await undisturbed()
    const { api, start } = await sky({
      scenario: scenarios.plain(),
      piece: 13,
      cuts: [0, 40, 100, 160, 7, 200, 350, 351, 600],
    })
    const server = await start()
    await server.orchestrator.launch(request())
    const entries = await server.until('gpu-1', active)
    expect(told(entries)).toEqual(expected)
    expect(api.counts.streams).toBeGreaterThan(4)
    expect(api.counts.logs).toBeGreaterThan(3)
  })

  test.each([0, 1])(
    'a server that comes after another goes on where that was (%i)',
    async (late) => {
      const expected = await undisturbed()
      const { api, start, stop } = await sky({ scenario: scenarios.plain({ gated: true }) })
      const first = await start()
      await first.orchestrator.launch(request())
      if (late) api.pass('provisioning')
      const sign = late ? /^vLLM API server/ : /Launching on/
      await first.until('gpu-1', ({ message }) => sign.test(message))
      await stop(first)
      // As SkyPilot clears away after a day, which takes only what is over.
      if (late) api.forgetRequests()
      api.pass('provisioning')
      api.pass('loading')
      const second = await start()
      await second.orchestrator.resume()
      const entries = await second.until('gpu-1', active)
      expect(told(entries)).toEqual(expected)
      expect(api.launched).toHaveLength(1)
    },
  )

  test('an active node is followed on, and said to be active once', async () => {
    const { api, start, stop } = await sky({ scenario: scenarios.plain() })
    const first = await start()
    const { cluster_name } = await first.orchestrator.launch(request())
    await first.until('gpu-1', active)
    await stop(first)
    const second = await start()
    await second.orchestrator.resume()
    await waitFor(() => api.counts.logs > 2 || undefined)
    expect(
      told(await second.list('gpu-1')).filter((text) => text.startsWith('active')),
    ).toHaveLength(1)
    api.lose(cluster_name)
    const entries = await second.until('gpu-1', ended)
    expect(entries.at(-1)?.message).toMatch(/is gone: it was lost, or taken down/)
  })
})

describe('a server that dies while it launches', () => {
  /** Each kills the server at one step, and then does what SkyPilot would have done. */
  type Step = (kill: () => Promise<void>) => Hook
  const at =
    (path: string, then: 'never' | 'afterwards' | 'before'): Step =>
    (kill) => {
      let done = false
      return async (call) => {
        if (done || call.path !== path) return call.go()
        done = true
        if (then === 'before') await call.go()
        await kill()
        if (then === 'afterwards') await call.go()
      }
    }
  const STEPS: Record<string, Step> = {
    'before it asks': at('/api/health', 'never'),
    'while it looks for what is there': at('/api/status', 'never'),
    'when SkyPilot has not heard it': at('/launch', 'never'),
    'when SkyPilot has taken it, and the answer is lost': at('/launch', 'afterwards'),
    'when the answer has just come': at('/launch', 'before'),
    'when it reads the request’s output': at('/api/stream', 'before'),
    'when it reads the job’s': at('/logs', 'before'),
  }

  test.each(Object.keys(STEPS))('%s: launched once, and known', async (name) => {
    const { api, folder, start } = await sky({ scenario: scenarios.plain() })
    // The check before the launch asks too.
    if (name === 'before it asks') await fetch(`${api.url}/api/health`)
    const program = fileURLToPath(new URL('./support/skypilot-process.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      [...FROM_SOURCES, program, folder, api.url, JSON.stringify(request())],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    onTestFinished(() => void child.kill('SIGKILL'))
    const gone = once(child, 'exit')
    const kill = async () => {
      child.kill('SIGKILL')
      await gone
    }
    const hook = (STEPS[name] as Step)(kill)
    let checked = false
    api.intercept((call) => {
      // The first question is the check's: nothing is stored yet, so nothing is launched either.
      if (call.path === '/api/health' && !checked) {
        checked = true
        return call.go()
      }
      return hook(call)
    })
    await gone
    api.intercept(undefined)
    const server = await start()
    await server.orchestrator.resume()
    const entries = await server.until('gpu-1', active)
    expect(api.launched).toHaveLength(1)
    expect(api.clusters.size).toBe(1)
    const steps = entries.filter(({ message }) => message.startsWith('step '))
    expect(steps.map(({ message }) => message)).toEqual(
      Array.from({ length: 20 }, (_, i) => `step ${i}`),
    )
    await server.orchestrator.terminate('gpu-1')
    await server.until('gpu-1', ended)
    expect(api.clusters.size).toBe(0)
  })

  test('a launch that SkyPilot takes only when it is being cancelled is cancelled too', async () => {
    const { api, start, stop } = await sky({ scenario: scenarios.plain() })
    const first = await start()
    let late = async () => {}
    api.intercept((call) => {
      if (call.path !== '/launch') return call.go()
      late = call.go
    })
    await first.orchestrator.launch(request())
    await waitFor(() => api.calls.includes('/launch') || undefined)
    await stop(first)
    const second = await start()
    await second.orchestrator.resume()
    await second.orchestrator.terminate('gpu-1')
    const before = api.calls.length
    await waitFor(() => api.calls.slice(before).includes('/status') || undefined)
    api.intercept(undefined)
    await late()
    await second.until('gpu-1', ended)
    await waitFor(() => !second.orchestrator.running('gpu-1') || undefined)
    expect(api.launched).toHaveLength(1)
    expect([...api.clusters.keys()]).toEqual([])
  })

  test.each(['/api/health', '/api/status', '/launch', '/api/stream', '/logs'])(
    'at %s: its successor ends it when asked to',
    async (path) => {
      const { api, start, stop } = await sky({ scenario: scenarios.plain() })
      const first = await start()
      let hold: (go: () => Promise<void>) => void = () => {}
      const held = new Promise<() => Promise<void>>((resolve) => {
        hold = resolve
      })
      api.intercept(async (call) => {
        const checks = api.calls.filter((one) => one === '/api/health').length === 1
        if (call.path !== path || checks) return call.go()
        // The answer never comes; what was asked for happens all the same, later.
        hold(call.go)
      })
      await first.orchestrator.launch(request())
      const go = await held
      await stop(first)
      await go()
      api.intercept(undefined)
      const second = await start()
      await second.orchestrator.resume()
      await second.orchestrator.terminate('gpu-1')
      const entries = await second.until('gpu-1', ended)
      expect(entries.filter(ended)).toMatchObject([{ message: TERMINATED }])
      await waitFor(() => !second.orchestrator.running('gpu-1') || undefined)
      expect(api.launched.length).toBeLessThan(2)
      expect([...api.clusters.keys()]).toEqual([])
      const left = [...api.requests.values()].filter(
        ({ name, status }) => name === 'sky.launch' && !/CANCELLED|SUCCEEDED/.test(status),
      )
      expect(left).toEqual([])
    },
  )
})

test('a launch is cancelled at any moment, by its own id alone', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
  const server = await start()
  await server.orchestrator.launch(request({ node_id: 'stays' }))
  for (const [i, wait] of [0, 10, 40, 90, 200].entries()) {
    const node_id = `n-${i}`
    await server.orchestrator.launch(request({ node_id }))
    await new Promise((resolve) => setTimeout(resolve, wait))
    await server.orchestrator.terminate(node_id)
    const entries = await server.until(node_id, ended)
    expect(entries.filter(ended)).toMatchObject([{ message: TERMINATED }])
  }
  const cancels = api.bodies.filter(({ path }) => path === '/api/cancel')
  expect(cancels.length).toBeGreaterThan(0)
  for (const { body } of cancels) expect(body.request_ids).toHaveLength(1)
  expect([...api.clusters.keys()]).toHaveLength(1)
  expect((await server.list('stays')).some(ended)).toBe(false)
})

test('two nodes whose ids share six digits have two clusters; one ends, the other stays', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  const [one, two] = [
    await server.orchestrator.launch(request({ node_id: '550e8400-e29b' })),
    await server.orchestrator.launch(request({ node_id: '550e8401-e29b' })),
  ]
  expect(one.cluster_name).not.toBe(two.cluster_name)
  await server.until(one.node_id, active)
  await server.until(two.node_id, active)
  await server.orchestrator.terminate(one.node_id)
  await server.until(one.node_id, ended)
  expect([...api.clusters.keys()]).toEqual([two.cluster_name])
  expect(server.orchestrator.running(two.node_id)).toBe(true)
})

describe('an API server that is away', () => {
  test('for a while: one warning, and on', async () => {
    const expected = await undisturbed()
    const { api, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
    const server = await start()
    await server.orchestrator.launch(request())
    await server.until('gpu-1', ({ message }) => /Launching on/.test(message))
    api.setAway(true)
    await server.until('gpu-1', ({ level }) => level === 'warn')
    await new Promise((resolve) => setTimeout(resolve, 500))
    api.setAway(false)
    api.pass('provisioning')
    api.pass('loading')
    const entries = await server.until('gpu-1', active)
    const warnings = entries.filter(({ level }) => level === 'warn')
    expect(warnings).toMatchObject([
      {
        message: 'SkyPilot does not answer; the launch goes on and is asked for again',
        details: expect.stringContaining('cannot be reached'),
      },
    ])
    const back = entries.filter(({ message }) => message.startsWith('SkyPilot answers again'))
    expect(back).toMatchObject([
      { level: 'info', message: expect.stringMatching(/^SkyPilot answers again after [\d.]+s$/) },
    ])
    const others = entries.filter((one) => one.level !== 'warn' && !back.includes(one))
    expect(told(others)).toEqual(expected)
    expect(api.launched).toHaveLength(1)
  })

  test('that ended its streams in order: what the job said meanwhile is read', async () => {
    const line = (i: number) => ({ text: `(task, pid=7) step ${i}\n` })
    const lines = Array.from({ length: 20 }, (_, i) => line(i))
    const { api, start } = await sky({
      scenario: {
        ...scenarios.plain(),
        job: [{ job: 'RUNNING' }, ...lines.slice(0, 5), { gate: 'rest' }, ...lines.slice(5)],
        jobEnds: 'FAILED',
      },
    })
    let isAway = false
    let logs: ServerResponse | undefined
    api.intercept(async ({ path, req, res, go }) => {
      if (isAway) return void req.destroy()
      if (path === '/logs') logs = res
      await go()
    })
    const server = await start()
    const { cluster_name } = await server.orchestrator.launch(request())
    await server.until('gpu-1', ({ message }) => message === 'step 4')
    isAway = true
    logs?.end()
    await server.until('gpu-1', ({ level }) => level === 'warn')
    api.pass('rest')
    const job = () => [...(api.clusters.get(cluster_name)?.jobs.values() ?? [])].at(-1)
    await waitFor(() => job()?.status === 'FAILED' || undefined)
    isAway = false
    const entries = await server.until('gpu-1', ended)
    const said = entries.filter(({ message }) => message.startsWith('step '))
    expect(said.map(({ message }) => message)).toEqual(lines.map((_, i) => `step ${i}`))
  })

  test('for good: failed with the reason when the launch’s time is over', async () => {
    const { api, start } = await sky({
      scenario: scenarios.plain({ gated: true }),
      launchTimeout: 2000,
      pace: { cleanup: 300 },
    })
    const server = await start()
    const { cluster_name } = await server.orchestrator.launch(request())
    await server.until('gpu-1', ({ message }) => /Launching on/.test(message))
    api.setAway(true)
    const entries = await server.until('gpu-1', ended)
    expect(entries.at(-1)?.message).toMatch(
      /^the SkyPilot API server \S+ cannot be reached: .+; not ready within 2s$/,
    )
    expect(entries.at(-1)?.details).toContain(`sky down ${cluster_name}`)
    await server.registry.flush()
    expect((await server.registry.get('gpu-1'))?.failure?.code).toBe('api_server_unreachable')
  })

  test.each(['INIT', 'UP'])(
    'and was killed in mid-launch: failed where the cluster stays %s without a job',
    async (status) => {
      const { api, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
      const server = await start()
      const { cluster_name } = await server.orchestrator.launch(request())
      await server.until('gpu-1', ({ message }) => /Launching on/.test(message))
      Object.assign(api.clusters.get(cluster_name) ?? {}, { status })
      api.restart()
      const entries = await server.until('gpu-1', ended)
      expect(entries.at(-1)?.message).toMatch(
        /^SkyPilot no longer knows the launch, .+ the cluster \S+ had no job 0\.6s later$/,
      )
      await waitFor(() => api.clusters.size === 0 || undefined)
      await server.registry.flush()
      expect((await server.registry.get('gpu-1'))?.failure?.code).toBe('launch_interrupted')
      expect(api.launched).toHaveLength(1)
    },
  )

  test('and forgot a launch that its workers finish: on with its job', async () => {
    const { api, start } = await sky({
      scenario: scenarios.plain({ gated: true }),
      pace: { orphan: 20_000 },
    })
    const server = await start()
    await server.orchestrator.launch(request())
    await server.until('gpu-1', ({ message }) => /Launching on/.test(message))
    api.forgetRequests()
    api.cut()
    const asked = api.calls.length
    await waitFor(() => api.calls.slice(asked).includes('/job_status') || undefined)
    api.pass('provisioning')
    api.pass('loading')
    const entries = await server.until('gpu-1', active)
    expect(printed(entries)).toContain('step 19')
    expect(api.launched).toHaveLength(1)
  })

  test('when it is to be launched: asked for again until it is there', async () => {
    const { api, start } = await sky({ scenario: scenarios.plain() })
    const server = await start()
    api.intercept(async ({ path, res, go }) => {
      if (path !== '/launch') return go()
      res.writeHead(503, { 'Content-Type': 'application/json' })
      res.end('{"detail":"Server is shutting down, please try again later."}')
    })
    await server.orchestrator.launch(request())
    await waitFor(() => api.calls.filter((path) => path === '/launch').length > 5 || undefined)
    api.intercept(undefined)
    await server.until('gpu-1', active)
    expect(api.launched).toHaveLength(1)
  })

  test('before: the launch is refused, and nothing is stored', async () => {
    const { api, start } = await sky({ scenario: scenarios.plain() })
    const server = await start()
    api.setAway(true)
    await expect(server.orchestrator.launch(request())).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('cannot be reached'),
    })
    expect(await server.database.selectFrom('launches').selectAll().execute()).toEqual([])
  })
})

test.each([
  [{ status: 'needs_auth' }, /wants a login; set SKYPILOT_SERVICE_ACCOUNT_TOKEN/],
  [{ status: 'version_mismatch', message: 'upgrade' }, /version that does not work .*upgrade/],
  [{ api_version: '5', version: '0.8.0' }, /0\.8\.0 \(API 5\), and API 11 or newer/],
  [{ status: 'unhealthy' }, /says that it is unhealthy/],
  [{ status: 7 }, /did not answer as one; check SKYPILOT_API_SERVER_ENDPOINT/],
])('a server that says %j is told of in words', async (health, words) => {
  const { start } = await sky({ scenario: scenarios.plain(), health })
  const server = await start()
  await expect(server.orchestrator.launch(request())).rejects.toMatchObject({
    status: 503,
    message: expect.stringMatching(words),
  })
})

test('a server that lets anybody in is told of, once', async () => {
  const told: string[] = []
  const health = { basic_auth_enabled: false, service_account_token_enabled: false, user: null }
  const { api } = await sky({ scenario: scenarios.plain(), health })
  const launcher = skypilotLauncher({
    ...{ endpoint: api.url, versions: VERSIONS, launchTimeout: 1000 },
    onNotice: (message) => told.push(message),
  })
  await launcher.check(request())
  await launcher.check(request())
  expect(told).toEqual([
    expect.stringMatching(/^the SkyPilot API server \S+ asks nobody for a login/),
  ])
  const guarded = await sky({
    scenario: scenarios.plain(),
    health: { ...health, user: { id: 'a' } },
  })
  const other = skypilotLauncher({
    ...{ endpoint: guarded.api.url, versions: VERSIONS, launchTimeout: 1000 },
    onNotice: (message) => told.push(message),
  })
  await other.check(request())
  expect(told).toHaveLength(1)
})

test('a 404 in place of an output that is still being written is outlived', async () => {
  const expected = await undisturbed()
  const { api, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
  const server = await start()
  const counts = { '/api/stream': 0, '/logs': 0 } as Record<string, number>
  api.intercept((call) => {
    const count = counts[call.path]
    if (count === undefined || count >= 3) return call.go()
    counts[call.path] = count + 1
    call.res.writeHead(404, { 'Content-Type': 'application/json' })
    call.res.end('{"detail":"Not Found"}')
  })
  await server.orchestrator.launch(request())
  await waitFor(() => counts['/api/stream'] === 3 || undefined)
  api.pass('provisioning')
  api.pass('loading')
  const entries = await server.until('gpu-1', active)
  expect(printed(entries)).toEqual(printedOf(expected))
  expect(counts).toEqual({ '/api/stream': 3, '/logs': 3 })
})

test('a token that is not accepted fails the launch in words', async () => {
  const { api, launcher, folder } = await sky({ scenario: scenarios.plain(), token: 'sky_good' })
  const asked = { nodeId: 'n', clusterName: 'cic-x', request: request(), folder }
  expect(await launcher().start(asked)).toMatchObject({ request: expect.any(String) })
  api.intercept(({ res }) => {
    res.writeHead(401, { 'Content-Type': 'application/json' })
    res.end('{"detail":"Service account authentication disabled"}')
  })
  await expect(launcher().check(request())).rejects.toMatchObject({
    status: 503,
    message: expect.stringMatching(
      /wants a login: Service account authentication disabled; set SKYPILOT_SERVICE_ACCOUNT_TOKEN/,
    ),
  })
})

describe.concurrent('whatever it answers', () => {
  const NONSENSE: Record<string, Hook> = {
    'a page': ({ res }) => {
      res.writeHead(200, { 'Content-Type': 'text/html' })
      res.end('<html><body>Log in</body></html>')
    },
    'a 502 of a proxy': ({ res }) => {
      res.writeHead(502, { 'Content-Type': 'text/html' })
      res.end('<html>Bad Gateway</html>')
    },
    '500 and a text': ({ res }) => {
      res.writeHead(500, { 'Content-Type': 'text/plain' })
      res.end('Internal Server Error')
    },
    'half a JSON': ({ res }) => {
      res.writeHead(200, { 'Content-Type': 'application/json' })
      res.end('[{"request_id": "a')
    },
    'half an answer': ({ res }) => {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 })
      res.write('[')
      setImmediate(() => res.destroy())
    },
    'a pickle': ({ res }) => {
      res.writeHead(200, { 'Content-Type': 'application/octet-stream' })
      res.end(Buffer.from('gASVIwAAAAAAAACMBXBvc2l4', 'base64'))
    },
    null: ({ res }) => {
      res.writeHead(200, { 'Content-Type': 'application/json' })
      res.end('null')
    },
  }

  const names = Object.keys(NONSENSE)

  test.for(names)('%s now and then is outlived', async (name, { expect, onTestFinished }) => {
    const expected = await undisturbed(onTestFinished)
    const { api, start } = await sky({ scenario: scenarios.plain() }, onTestFinished)
    const server = await start()
    const seen = new Map<string, number>()
    api.intercept(async (call) => {
      const times = (seen.get(call.path) ?? 0) + 1
      seen.set(call.path, times)
      // A page in place of a stream is one; its other bytes are a stream's. The check is not retried.
      const stream = call.path === '/api/stream' || call.path === '/logs'
      const spared = times === 1 && call.path === '/api/health'
      const odd = times % 2 === 1 && !(stream && !/page|502|500/.test(name))
      if (spared || !odd || times > 6) return call.go()
      return NONSENSE[name]?.(call)
    })
    await server.orchestrator.launch(request())
    const entries = await server.until('gpu-1', active)
    expect(printed(entries)).toEqual(printedOf(expected))
    expect(api.launched).toHaveLength(1)
    expect(entries.filter(ended)).toEqual([])
  })

  test.for(names)('%s for good is the reason, in words', async (name, context) => {
    const { expect, onTestFinished } = context
    const pace = { cleanup: 200 }
    const options = { scenario: scenarios.plain(), launchTimeout: 3000, pace }
    const { api, start } = await sky(options, onTestFinished)
    const server = await start()
    api.intercept((call) => (api.launched.length > 0 ? NONSENSE[name]?.(call) : call.go()))
    await server.orchestrator.launch(request())
    const last = (await server.until('gpu-1', over)).find(over)
    expect(last?.message).toMatch(
      /^the SkyPilot API server \S+ (?:cannot be reached|did not answer)/,
    )
    expect(last?.message).toMatch(/not ready within 3s$/)
  })
})

/** How much of a line is sent that nobody waits for the end of. */
const ENDLESS = 1024 * 1024 * 1024
/** What it may cost at most: far less, and more than the collector leaves lying about. */
const COST = 256 * 1024 * 1024

test('a line without end costs no memory, in a stream or an answer', {
  timeout: 90_000,
}, async () => {
  const { api, start } = await sky({
    scenario: { ...scenarios.plain({ gated: true }) },
    launchTimeout: 60_000,
  })
  const server = await start()
  let most = 0
  /** How often each is still to be answered so. */
  const left: Record<string, number> = { '/api/stream': 1, '/api/status': 2 }
  const taken: number[] = []
  const flood = async (call: Parameters<Hook>[0], type: string) => {
    left[call.path] = Number(left[call.path]) - 1
    call.res.setMaxListeners(0)
    call.res.writeHead(200, { 'Content-Type': type })
    const block = Buffer.alloc(1024 * 1024, 'x')
    let sent = 0
    for (; sent < ENDLESS && !call.res.destroyed; sent += block.length) {
      if (!call.res.write(block)) {
        await Promise.race([once(call.res, 'drain'), once(call.res, 'close')])
      }
      most = Math.max(most, process.memoryUsage().rss)
    }
    call.res.destroy()
    taken.push(sent)
  }
  await server.orchestrator.launch(request())
  await server.until('gpu-1', ({ message }) => /Launching on/.test(message))
  const before = process.memoryUsage().rss
  api.intercept((call) => {
    if (!left[call.path]) return call.go()
    return flood(call, call.path === '/api/stream' ? 'text/plain' : 'application/json')
  })
  api.cut()
  await until('all to be sent, or refused', () => taken.length === 3, 60_000)
  // A stream may go on for ever; an answer that is so long is none.
  expect(taken.filter((sent) => sent === ENDLESS)).toHaveLength(1)
  expect(most - before).toBeLessThan(COST)
  api.pass('provisioning')
  api.pass('loading')
  await server.until('gpu-1', active)
})

test('secrets go to SkyPilot as secrets, and nowhere else', async () => {
  const { api, folder, start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  await server.orchestrator.launch(
    request({
      envs: { MY_API_KEY: 'value-of-the-api-key', PLAIN: 'value-in-the-open' },
      secrets: { HF_TOKEN: 'hf_value-of-the-token-1234' },
    }),
  )
  await server.until('gpu-1', active)
  const sent = JSON.parse(api.tasks[0] as string)
  expect(sent.secrets).toEqual({
    HF_TOKEN: 'hf_value-of-the-token-1234',
    MY_API_KEY: 'value-of-the-api-key',
  })
  expect(sent.envs).toMatchObject({ PLAIN: 'value-in-the-open' })
  expect(JSON.stringify(sent.envs)).not.toMatch(/value-of-the/)
  expect(`${sent.setup}${sent.run}`).not.toMatch(/value-/)
  expect(contentOf(folder)).not.toMatch(/value-of-the/)
  expect([...api.agents]).toEqual(['launchtail'])
  const bodies = api.bodies.filter(({ path }) => path === '/launch')
  expect(Object.keys(bodies[0]?.body.env_vars as object)).toEqual([
    'SKYPILOT_USER_ID',
    'SKYPILOT_USER',
  ])
})

test.each([
  ['48', 'Slurm', true],
  ['62', 'Slurm', false],
  ['48', 'AWS', false],
])(
  'with the API %s, the tasks of a cluster on %s are cancelled before it is taken down: %s',
  async (version, cloud, isCancelled) => {
    const health = { api_version: version }
    const { api, start } = await sky({ scenario: scenarios.plain(), cloud, health })
    const server = await start()
    const { cluster_name } = await server.orchestrator.launch(request())
    await server.until('gpu-1', active)
    await server.orchestrator.terminate('gpu-1')
    await server.until('gpu-1', ended)
    const calls = api.bodies.filter(({ path }) => ['/cancel', '/down'].includes(path))
    const all = { job_ids: null, all: true, all_users: true }
    expect(calls).toMatchObject([
      ...(isCancelled ? [{ path: '/cancel', body: { cluster_name, ...all } }] : []),
      { path: '/down', body: { cluster_name } },
    ])
  },
)

test('a cluster whose tasks cannot be cancelled is taken down all the same', async () => {
  const health = { api_version: '48' }
  const { api, start } = await sky({ scenario: scenarios.plain(), cloud: 'Slurm', health })
  api.intercept(({ path, res, go }) => {
    if (path !== '/cancel') return go()
    res.statusCode = 500
    res.end()
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('gpu-1', active)
  await server.orchestrator.terminate('gpu-1')
  await server.until('gpu-1', ended)
  expect([...api.clusters.keys()]).toEqual([])
})

test('a cluster’s private key and its pickle are not asked for', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('gpu-1', active)
  await server.orchestrator.terminate('gpu-1')
  await server.until('gpu-1', ended)
  const answers = [...api.requests.values()].filter(({ name }) => name === 'sky.status')
  expect(answers.length).toBeGreaterThan(0)
  expect(JSON.stringify(answers.map(({ value }) => value))).not.toMatch(/PRIVATE KEY|pickle/)
})

test('a task of the caller’s own is launched with what the request adds', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  const own = task({ run: 'serve', resources: { cpus: '4+', ports: 9000 }, envs: { A: '1' } })
  await server.orchestrator.launch(request({ task: own, envs: { A: '2' }, use_spot: true }))
  await server.until('gpu-1', active)
  const { run, envs, ...sent } = JSON.parse(api.tasks[0] as string)
  expect(sent).toEqual({
    resources: { cpus: '4+', ports: 9000, infra: 'aws', accelerators: 'H100:1', use_spot: true },
  })
  expect(run).toBe(`${PREAMBLE}serve`)
  expect(envs).toMatchObject({ A: '2', PORT: '9000' })
})
