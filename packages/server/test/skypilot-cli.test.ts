import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Launcher } from '../src/launch/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import type { Pace } from '../src/launch/skypilot/pace.js'
import { TERMINATED } from '../src/logs/entry-text.js'
import { launchesContract } from './contracts/launches.js'
import * as scenarios from './support/launch-scenarios.js'
import {
  contentOf,
  gone,
  removeFolder,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { startServer } from './support/processes.js'
import { skyCalls, skyOnPath } from './support/sky-double.js'
import { type Double, type DoubleOptions, startDouble } from './support/skypilot-double.js'

const PACE: Partial<Pace> = {
  ...{
    cluster: 20_000,
    endpoint: 100,
    probe: 20,
    first: 50,
    quiet: 300,
    grace: 8000,
    cleanup: 60_000,
  },
}
const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }

interface Options extends DoubleOptions {
  launchTimeout?: number
  pace?: Partial<Pace>
  env?: Record<string, string>
}

/** A `sky` on the PATH, and a way to start a server that launches through it. */
async function open({ launchTimeout = 30_000, env = {}, pace = {}, ...double }: Options) {
  const api = await startDouble(double)
  const folder = temporaryFolder()
  const found = skyOnPath(folder, api.url)
  const launcher = skyCommandLauncher({
    ...{ env: { ...found, ...env }, versions: VERSIONS, launchTimeout, pace: { ...PACE, ...pace } },
  })
  const servers = new Set<Server>()
  return { api, folder, launcher, start, stop, close }

  /** Nothing that was launched is left running. */
  async function close(): Promise<void> {
    for (const server of servers) await server.stop()
    const last = await startLaunching({ folder, launchers: () => [launcher] })
    await last.orchestrator.resume()
    const rows = await last.database.selectFrom('launches').selectAll().execute()
    const running = rows.filter(({ node_id }) => last.orchestrator.running(node_id))
    for (const { node_id } of running) await last.orchestrator.terminate(node_id)
    for (const { node_id } of running) {
      await waitFor(() => !last.orchestrator.running(node_id) || undefined)
    }
    await last.stop()
    await api.close()
    removeFolder(folder)
  }

  async function start(wrap: (launcher: Launcher) => Launcher = (one) => one) {
    const server = await startLaunching({ folder, launchers: (local) => [local, wrap(launcher)] })
    servers.add(server)
    return server
  }

  async function stop(server: Server) {
    servers.delete(server)
    await server.stop()
  }
}

/** As `open`; closed with the test. */
async function sky(options: Options) {
  const world = await open(options)
  onTestFinished(world.close)
  return world
}

function request(more: Partial<LaunchRequest> = {}): LaunchRequest {
  return { node_id: 'gpu-1', provider: 'aws', region: 'local', gpu: 'H100', model: 'm/m', ...more }
}

const ended = ({ phase }: LogEntry) => phase === 'failed'
const active = ({ phase }: LogEntry) => phase === 'active'

function phases(entries: readonly LogEntry[]): string[] {
  return entries.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1])
}

const UP_TO_ACTIVE = [
  ...['queued', 'provisioning', 'instance_ready', 'installing', 'model_loading'],
  ...['health_check', 'active'],
]
const STEPS = Array.from({ length: 20 }, (_, i) => `step ${i}`)

function steps(entries: readonly LogEntry[]): string[] {
  return entries.map(({ message }) => message).filter((message) => message.startsWith('step '))
}

/** The server answers when all that was printed before is in the log. */
async function becomesActive(server: Server, api: Double): Promise<LogEntry[]> {
  await server.until('gpu-1', ({ phase }) => phase === 'health_check')
  api.pass('ready')
  return server.until('gpu-1', active)
}

type Server = Awaited<ReturnType<typeof startLaunching>>

/** The number of the process that looks after the launch, or undefined between two of them. */
function supervisorOf(folder: string): number | undefined {
  const [id = ''] = readdirSync(join(folder, 'launches'))
  const file = join(folder, 'launches', id, 'supervisor/supervisor.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).pid : undefined
}

test('a launch goes through all eight phases, and is taken down when it is terminated', async () => {
  const { api, folder, start } = await sky({ scenario: scenarios.plain({ held: true }) })
  const server = await start()
  const { cluster_name } = await server.orchestrator.launch(
    request({
      secrets: { HF_TOKEN: 'value-of-the-token' },
      envs: { A_SECRET: 'value-of-the-env' },
    }),
  )
  const entries = await becomesActive(server, api)
  expect(phases(entries)).toEqual(UP_TO_ACTIVE)
  expect(steps(entries)).toEqual(STEPS)
  expect(entries.find(active)?.details).toBe(
    `http://127.0.0.1:${api.clusters.get(cluster_name)?.port}`,
  )
  expect(api.launched).toEqual([cluster_name])
  expect(JSON.parse(api.tasks[0] as string).secrets).toEqual({
    HF_TOKEN: 'value-of-the-token',
    A_SECRET: 'value-of-the-env',
  })
  // Neither on a command line nor in a file.
  expect(contentOf(folder)).not.toMatch(/value-of-the/)
  const [launch] = skyCalls(folder)
  expect(launch).toMatch(/^launch -c \S+ \S+task\.yaml -y -d --secret A_SECRET --secret HF_TOKEN$/)
  await server.orchestrator.terminate('gpu-1')
  const all = await server.until('gpu-1', ended)
  expect(all.filter(ended)).toMatchObject([{ level: 'warn', message: TERMINATED }])
  expect([...api.clusters.keys()]).toEqual([])
  expect(skyCalls(folder)).toContain(`down -y ${cluster_name}`)
  expect(server.faults).toEqual([])
})

test('without `sky` on the PATH it says so, and nothing is stored', async () => {
  const { start } = await sky({ scenario: scenarios.plain(), env: { PATH: '/nowhere' } })
  const server = await start()
  await expect(server.orchestrator.launch(request())).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('SkyPilot is not installed: "sky" was not found on PATH'),
  })
  expect(await server.database.selectFrom('launches').selectAll().execute()).toEqual([])
})

test('a server without `sky` and without an API server answers 503', async () => {
  const server = await startServer({ env: { PATH: '/nowhere' } })
  const answer = await server.post('/admin/nodes/launch', request({ region: 'us-east-1' }))
  expect([answer.status, await answer.json()]).toEqual([
    503,
    {
      error: {
        message:
          'SkyPilot is not installed: "sky" was not found on PATH; install it, or set SKYPILOT_API_SERVER_ENDPOINT',
      },
    },
  ])
})

test('a `sky` that goes between the check and the start is the reason', async () => {
  const { folder, start } = await sky({ scenario: scenarios.plain() })
  const server = await start((launcher) => ({
    ...launcher,
    async check(request) {
      await launcher.check(request)
      rmSync(join(folder, 'bin'), { recursive: true })
    },
  }))
  await server.orchestrator.launch(request())
  const entries = await server.until('gpu-1', ended)
  expect(entries.at(-1)?.details).toMatch(/Install SkyPilot there, or set/)
  await server.registry.flush()
  expect((await server.registry.get('gpu-1'))?.failure).toMatchObject({ code: 'sky_not_installed' })
})

test('refuses secrets that would make another program of `sky`', async () => {
  const { start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  const secrets = { LD_PRELOAD: '/tmp/x.so', PYTHONPATH: '/tmp' }
  await expect(server.orchestrator.launch(request({ secrets }))).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/LD_PRELOAD.*PYTHONPATH/),
  })
})

test('the server’s own settings are not passed on to `sky`', async () => {
  const { api, start } = await sky({
    scenario: scenarios.plain({ held: true }),
    env: { LAUNCHTAIL_ADMIN_TOKEN: 'admin-token-value', REDIS_URL: 'redis://x', CLOUD_KEY: 'kept' },
  })
  const server = await start(spied)
  await server.orchestrator.launch(request())
  await becomesActive(server, api)
  const { environ } = seen
  expect(environ).toContain('CLOUD_KEY=kept')
  expect(environ).not.toMatch(/admin-token-value|REDIS_URL/)
  expect(api.launched).toHaveLength(1)
})

/** What the process of `sky` was given, as its children would be. */
const seen = { environ: '' }
function spied(launcher: Launcher): Launcher {
  return {
    ...launcher,
    async start(launch, signal) {
      const handle = await launcher.start(launch, signal)
      await waitFor(() => {
        for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
          try {
            const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
            if (line[2] !== 'launch' || line[4] !== launch.clusterName) continue
            seen.environ = readFileSync(`/proc/${pid}/environ`, 'utf8')
            return true
          } catch {
            // Gone meanwhile.
          }
        }
        return undefined
      })
      return handle
    },
  }
}

describe('outlives the server', () => {
  test.each(['provisioning', 'loading'])('stopped at %s, started again', async (gate) => {
    const { api, start, stop } = await sky({
      scenario: scenarios.plain({ gated: true, held: true }),
    })
    const first = await start()
    await first.orchestrator.launch(request())
    if (gate === 'loading') api.pass('provisioning')
    const sign = gate === 'loading' ? /^vLLM API server/ : /Launching on/
    await first.until('gpu-1', ({ message }) => sign.test(message))
    await stop(first)
    api.pass('provisioning')
    api.pass('loading')
    const second = await start()
    await second.orchestrator.resume()
    const entries = await becomesActive(second, api)
    expect(phases(entries)).toEqual(UP_TO_ACTIVE)
    expect(steps(entries)).toEqual(STEPS)
    expect(api.launched).toHaveLength(1)
  })

  test('dead before the handle is stored: launched once', async () => {
    const { api, start, stop } = await sky({ scenario: scenarios.plain({ held: true }) })
    let hang = () => {}
    const first = await start((launcher) => ({
      ...launcher,
      async start(launch, signal) {
        await launcher.start(launch, signal)
        return new Promise((_, reject) => {
          hang = () => reject(new Error('dead'))
        })
      },
    }))
    await first.orchestrator.launch(request())
    await waitFor(() => api.launched.length > 0 || undefined)
    const stopped = stop(first)
    hang()
    await stopped
    const second = await start()
    await second.orchestrator.resume()
    expect(steps(await becomesActive(second, api))).toEqual(STEPS)
    expect(api.launched).toHaveLength(1)
  })

  test('a supervisor that is killed is followed by another, and nothing is doubled', async () => {
    const { api, folder, start } = await sky({
      scenario: scenarios.plain({ gated: true, held: true }),
    })
    const server = await start()
    await server.orchestrator.launch(request())
    api.pass('provisioning')
    await server.until('gpu-1', ({ message }) => /^vLLM API server/.test(message))
    const pid = await waitFor(() => supervisorOf(folder))
    process.kill(pid, 'SIGKILL')
    await gone(pid)
    await waitFor(() => (supervisorOf(folder) ?? pid) !== pid || undefined)
    api.pass('loading')
    const entries = await becomesActive(server, api)
    expect(steps(entries)).toEqual(STEPS)
    expect(phases(entries)).toEqual(UP_TO_ACTIVE)
    expect(api.launched).toHaveLength(1)
  })

  test('one that is killed while `sky launch` runs fails the launch, and leaves no cluster', async () => {
    const { api, folder, start } = await sky({
      scenario: scenarios.plain({ gated: true, held: true }),
    })
    const server = await start()
    await server.orchestrator.launch(request())
    await server.until('gpu-1', ({ message }) => /Launching on/.test(message))
    process.kill(await waitFor(() => supervisorOf(folder)), 'SIGKILL')
    const entries = await server.until('gpu-1', ended)
    expect(entries.at(-1)?.message).toMatch(/^the process that ran `sky launch` is gone/)
    expect([...api.clusters.keys()]).toEqual([])
  })
})

test('a launch is cancelled at any moment', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain({ gated: true, held: true }) })
  const server = await start()
  for (const [i, wait] of [0, 150, 500].entries()) {
    const node_id = `n-${i}`
    await server.orchestrator.launch(request({ node_id }))
    await new Promise((resolve) => setTimeout(resolve, wait))
    await server.orchestrator.terminate(node_id)
    const entries = await server.until(node_id, ended)
    expect(entries.filter(ended)).toMatchObject([{ message: TERMINATED }])
  }
  expect([...api.clusters.keys()]).toEqual([])
})

test('a launch that SkyPilot has only queued is cancelled, and never begins', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain(), queued: true })
  const server = await start()
  const { cluster_name } = await server.orchestrator.launch(request())
  await waitFor(() => api.launched.length > 0 || undefined)
  expect([...api.clusters.keys()]).toEqual([])
  await server.orchestrator.terminate('gpu-1')
  await server.until('gpu-1', ended)
  const of = [...api.requests.values()].filter(({ cluster }) => cluster === cluster_name)
  expect(of.find(({ name }) => name === 'sky.launch')?.status).toBe('CANCELLED')
  api.pass('queue')
  await new Promise(setImmediate)
  expect([...api.clusters.keys()]).toEqual([])
})

test('a cluster that goes while its log, which does not notice, is read', async () => {
  const { api, start } = await sky({
    scenario: scenarios.plain({ gated: true }),
    pace: { cluster: 300 },
  })
  const server = await start()
  api.intercept(async ({ path, res, go }) => {
    if (path !== '/logs') return go()
    res.writeHead(200, { 'Content-Type': 'text/plain' })
    res.write('Waiting for task resources on 1 node.\nit will never say more\n')
  })
  const { cluster_name } = await server.orchestrator.launch(request())
  api.pass('provisioning')
  await server.until('gpu-1', ({ message }) => /never say more/.test(message))
  api.lose(cluster_name)
  const entries = await server.until('gpu-1', ended)
  expect(entries.at(-1)?.message).toMatch(/^the cluster \S+ is gone: it was lost, or taken down/)
  expect(entries.filter(({ message }) => /never say more/.test(message))).toHaveLength(1)
})

test('an API server that is away for a while is waited for', async () => {
  const { api, folder, start } = await sky({
    scenario: scenarios.plain({ gated: true, held: true }),
  })
  const server = await start()
  await server.orchestrator.launch(request())
  api.pass('provisioning')
  await server.until('gpu-1', ({ message }) => /^vLLM API server/.test(message))
  const readings = () => skyCalls(folder).filter((call) => call.startsWith('logs ')).length
  const before = { readings: readings(), logs: api.counts.logs }
  api.setAway(true)
  // The log that was being read is cut, and asked for again and again, in vain.
  await waitFor(() => readings() >= before.readings + 2 || undefined)
  expect(api.counts.refused).toBeGreaterThan(0)
  expect(api.counts.logs).toBe(before.logs)
  api.setAway(false)
  await waitFor(() => api.counts.logs > before.logs || undefined)
  api.pass('loading')
  const entries = await becomesActive(server, api)
  expect(steps(entries)).toEqual(STEPS)
  expect(phases(entries)).toEqual(UP_TO_ACTIVE)
})

test('nothing more is asked about a cluster whose `sky down` cannot reach SkyPilot', async () => {
  const { api, folder, launcher } = await sky({ scenario: scenarios.plain() })
  api.setAway(true)
  await expect(launcher.takeDown('left', new AbortController().signal)).rejects.toThrow(
    /^`sky down left` did not take it down: .*Could not connect to SkyPilot API server/,
  )
  expect(skyCalls(folder)).toEqual(['status left -o json'])
})

test.each([
  ['0.12.1', 'Slurm', true],
  ['0.14.1', 'Slurm', false],
  ['0.12.1', 'AWS', false],
])(
  'with sky %s, the tasks of a cluster on %s are cancelled before it is taken down: %s',
  async (version, cloud, isCancelled) => {
    const env = { SKY_DOUBLE_VERSION: version }
    const { folder, launcher, api } = await sky({ scenario: scenarios.plain(), cloud, env })
    api.addCluster('left')
    await launcher.takeDown('left', new AbortController().signal)
    const calls = skyCalls(folder).filter((call) => /^(cancel|down) /.test(call))
    expect(calls).toEqual([...(isCancelled ? ['cancel -y -a left'] : []), 'down -y left'])
  },
)

test('a `sky launch` that fails when its job is submitted has launched all the same', async () => {
  const scenario = {
    request: [
      { text: '⚙︎ Launching on AWS x (a).\n✓ Cluster launched: c.\n⚙︎ Job submitted, ID: 1\n' },
    ],
    job: STEPS.map((step) => ({ text: `(task, pid=7) ${step}\n` })),
    jobEnds: 'FAILED',
  }
  const { api, start } = await sky({ scenario, env: { SKY_DOUBLE_TROUBLE: TROUBLE } })
  const server = await start()
  await server.orchestrator.launch(request())
  const entries = await server.until('gpu-1', ended)
  expect(steps(entries)).toEqual(STEPS)
  expect(entries.at(-1)?.message).toContain('status: FAILED')
  expect(entries.map(({ message }) => message).join('\n')).not.toContain('Max retries exceeded')
  expect(api.launched).toHaveLength(1)
})

/** What `sky launch` of 0.14.1 prints where the API server ends after the job was submitted, cut. */
const TROUBLE = `ConnectionRefusedError: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

urllib3.exceptions.NewConnectionError: HTTPConnection(host='127.0.0.1', port=27864): Failed to establish a new connection: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='127.0.0.1', port=27864): Max retries exceeded with url: /status (Caused by NewConnectionError("HTTPConnection(host='127.0.0.1', port=27864): Failed to establish a new connection: [Errno 111] Connection refused"))

During handling of the above exception, another exception occurred:

requests.exceptions.ConnectionError: HTTPConnectionPool(host='127.0.0.1', port=27864): Max retries exceeded with url: /status (Caused by NewConnectionError("HTTPConnection(host='127.0.0.1', port=27864): Failed to establish a new connection: [Errno 111] Connection refused"))
`

launchesContract({ open, short: 8000 })
