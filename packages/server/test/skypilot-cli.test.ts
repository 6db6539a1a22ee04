import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import type { Launcher } from '../src/launch/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli-launcher.js'
import type { Pace } from '../src/launch/skypilot/pace.js'
import { TERMINATED } from '../src/logs/entry-text.js'
import * as scenarios from './support/launch-scenarios.js'
import {
  contentOf,
  gone,
  removeFolder,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { skyCalls, skyOnPath } from './support/sky-double.js'
import { type DoubleOptions, startDouble } from './support/skypilot-double.js'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const PACE: Partial<Pace> = {
  ...{ cluster: 600, endpoint: 100, probe: 20, first: 50, quiet: 300, grace: 8000, cleanup: 8000 },
}
const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }

interface Options extends DoubleOptions {
  launchTimeout?: number
  env?: Record<string, string>
}

/** A `sky` on the PATH, and a way to start a server that launches through it. */
async function sky({ launchTimeout = 30_000, env = {}, ...double }: Options) {
  const api = await startDouble(double)
  const folder = temporaryFolder()
  const found = skyOnPath(folder, api.url)
  const launcher = skyCommandLauncher({
    ...{ env: { ...found, ...env }, versions: VERSIONS, launchTimeout, pace: PACE },
  })
  const servers = new Set<Awaited<ReturnType<typeof startLaunching>>>()
  cleanups.push(async () => {
    for (const server of servers) await server.stop()
    const last = await startLaunching({ folder, launchers: () => [launcher] })
    await last.orchestrator.resume()
    const rows = await last.database.selectFrom('launches').selectAll().execute()
    for (const { node_id } of rows) {
      if (!last.orchestrator.running(node_id)) continue
      await last.orchestrator.terminate(node_id)
      await waitFor(() => !last.orchestrator.running(node_id) || undefined)
    }
    await last.stop()
    await api.close()
    removeFolder(folder)
  })
  return { api, folder, launcher, start, stop }

  async function start(wrap: (launcher: Launcher) => Launcher = (one) => one) {
    const server = await startLaunching({ folder, launchers: (local) => [local, wrap(launcher)] })
    servers.add(server)
    return server
  }

  async function stop(server: Awaited<ReturnType<typeof startLaunching>>) {
    servers.delete(server)
    await server.stop()
  }
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
const STEPS = Array.from({ length: 20 }, (_, i) => `step ${i}`)

function steps(entries: readonly LogEntry[]): string[] {
  return entries.map(({ message }) => message).filter((message) => message.startsWith('step '))
}

/** The number of the process that looks after the launch, or undefined between two of them. */
function supervisorOf(folder: string): number | undefined {
  const [id = ''] = readdirSync(join(folder, 'launches'))
  const file = join(folder, 'launches', id, 'supervisor.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).pid : undefined
}

test('a launch goes through all eight phases, and is taken down when it is terminated', async () => {
  const { api, folder, start } = await sky({ scenario: scenarios.plain() })
  const server = await start()
  const { cluster_name } = await server.orchestrator.launch(
    request({
      secrets: { HF_TOKEN: 'value-of-the-token' },
      envs: { A_SECRET: 'value-of-the-env' },
    }),
  )
  const entries = await server.until('gpu-1', active)
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
    scenario: scenarios.plain(),
    env: { LAUNCHTAIL_ADMIN_TOKEN: 'admin-token-value', REDIS_URL: 'redis://x', CLOUD_KEY: 'kept' },
  })
  const server = await start(spied)
  await server.orchestrator.launch(request())
  await server.until('gpu-1', active)
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
    const { api, start, stop } = await sky({ scenario: scenarios.plain({ gated: true }) })
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
    const entries = await second.until('gpu-1', active)
    expect(phases(entries)).toEqual(UP_TO_ACTIVE)
    expect(steps(entries)).toEqual(STEPS)
    expect(api.launched).toHaveLength(1)
  })

  test('dead before the handle is stored: launched once', async () => {
    const { api, start, stop } = await sky({ scenario: scenarios.plain() })
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
    expect(steps(await second.until('gpu-1', active))).toEqual(STEPS)
    expect(api.launched).toHaveLength(1)
  })

  test('a supervisor that is killed is followed by another, and nothing is doubled', async () => {
    const { api, folder, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
    const server = await start()
    await server.orchestrator.launch(request())
    api.pass('provisioning')
    await server.until('gpu-1', ({ message }) => /^vLLM API server/.test(message))
    const pid = await waitFor(() => supervisorOf(folder))
    process.kill(pid, 'SIGKILL')
    await gone(pid)
    await waitFor(() => (supervisorOf(folder) ?? pid) !== pid || undefined)
    api.pass('loading')
    const entries = await server.until('gpu-1', active)
    expect(steps(entries)).toEqual(STEPS)
    expect(phases(entries)).toEqual(UP_TO_ACTIVE)
    expect(api.launched).toHaveLength(1)
  })

  test('one that is killed while `sky launch` runs fails the launch, and leaves no cluster', async () => {
    const { api, folder, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
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
  const { api, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
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

test('an API server that is away for a while is waited for', async () => {
  const { api, start } = await sky({ scenario: scenarios.plain({ gated: true }) })
  const server = await start()
  await server.orchestrator.launch(request())
  api.pass('provisioning')
  await server.until('gpu-1', ({ message }) => /^vLLM API server/.test(message))
  api.setAway(true)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  api.setAway(false)
  api.pass('loading')
  const entries = await server.until('gpu-1', active)
  expect(steps(entries)).toEqual(STEPS)
  expect(phases(entries)).toEqual(UP_TO_ACTIVE)
})

describe.skipIf(!scenarios.transcripts)(
  'launches in genuine words (LAUNCHTAIL_TRANSCRIPTS)',
  () => {
    const launched = async (options: Options, more: Partial<LaunchRequest> = {}) => {
      const { api, start } = await sky(options)
      const server = await start()
      await server.orchestrator.launch(request(more))
      const entries = await server.until('gpu-1', over)
      await server.registry.flush()
      return { api, entries, node: await server.registry.get('gpu-1'), last: entries.find(over) }
    }

    test('success', async () => {
      const { entries, node } = await launched({ scenario: scenarios.success('nebius') })
      expect(phases(entries)).toEqual(UP_TO_ACTIVE)
      expect(node?.status).toBe('active')
    })

    test.each([
      ['zones', scenarios.zoneFailover],
      ['clouds', scenarios.cloudFailover],
    ])('failover over %s is no failure', async (_, scenario) => {
      const { entries, node } = await launched({ scenario: scenario() })
      expect(phases(entries)).not.toContain('failed')
      expect(entries.filter(({ message }) => /Launching on/.test(message)).length).toBeGreaterThan(
        1,
      )
      expect(node?.status).toBe('active')
    })

    test.each([
      ['no capacity', scenarios.noCapacity, 'provisioning', 'no_capacity'],
      ['no matching GPU', scenarios.noMatchingGpu, 'queued', 'no_matching_instance'],
      ['a setup that fails', scenarios.setupFailure, 'installing', 'setup_failed'],
      ['a gated model', scenarios.gatedModel, 'model_loading', 'gated_model'],
      ['CUDA out of memory', scenarios.outOfMemory, 'model_loading', 'cuda_out_of_memory'],
      ['a crash loop', scenarios.crashLoop, 'installing', 'bad_flag'],
    ])('%s', async (_, scenario, phase, code) => {
      const { entries, node, api, last } = await launched({ scenario: scenario() })
      expect(entries.filter(over)).toHaveLength(1)
      expect(last).toBe(entries.at(-1))
      expect(phases(entries).slice(-2)).toEqual([phase, 'failed'])
      expect(node?.failure).toMatchObject({ code, phase })
      expect([...api.clusters.keys()]).toEqual([])
    })

    test('a server that is never ready fails when its time is over', async () => {
      const { entries, node, api, last } = await launched({
        scenario: scenarios.neverReady(),
        launchTimeout: 4000,
      })
      expect(last?.message).toBe('not ready within 4s')
      expect(phases(entries).slice(-2)).toEqual(['health_check', 'failed'])
      expect(node?.failure).toMatchObject({ code: 'health_timeout' })
      expect([...api.clusters.keys()]).toEqual([])
    })

    test('a spot machine that is taken back', async () => {
      const { entries, last, node } = await launched(
        { scenario: scenarios.spotLoss() },
        { use_spot: true },
      )
      expect(phases(entries).slice(-2)).toEqual(['model_loading', 'failed'])
      expect(last?.message).toMatch(/^the spot machine was preempted: the cluster cic-aws-/)
      expect(node?.failure).toMatchObject({ code: 'preempted' })
    })
  },
)
