import type { LaunchRequest, LogEntry, NodeRecord } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lifetimeAt } from '../src/launch/limits/lifetime.js'
import { type LimitSettings, readLimits } from '../src/launch/limits/limits.js'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import { plain, plainOutOfMemory } from './support/launch-scenarios.js'
import {
  removeFolder,
  type ServerOptions,
  serverScript,
  startLaunching,
  task,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { skyOnPath } from './support/sky-double.js'
import { type Scenario, startDouble } from './support/skypilot-double.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('the limits of a launch', () => {
  const SETTINGS: LimitSettings = {
    usual: { maxLifetime: 12 * HOUR, keepOnFailure: 30 * MINUTE },
    most: { launchTimeout: 2 * HOUR, maxLifetime: 24 * HOUR, keepOnFailure: HOUR },
  }
  const USUAL = { maxLifetime: 12 * HOUR, keepOnFailure: 30 * MINUTE }
  const { usual: _, ...bounds } = SETTINGS

  test.each<[string, Partial<LaunchRequest>, LimitSettings, object, RegExp[]]>([
    ['none', {}, { usual: {}, most: {} }, {}, []],
    ['the server’s', {}, SETTINGS, USUAL, []],
    [
      'the bound where nothing is said',
      {},
      { usual: {}, ...bounds },
      { maxLifetime: 24 * HOUR },
      [],
    ],
    [
      'the request’s own',
      { launch_timeout: '1h', max_lifetime: '20h', keep_on_failure: '10m' },
      SETTINGS,
      { launchTimeout: HOUR, maxLifetime: 20 * HOUR, keepOnFailure: 10 * MINUTE },
      [],
    ],
    [
      'a launch that takes too long',
      { launch_timeout: '3h' },
      SETTINGS,
      {},
      [/"launch_timeout" must be at most 2h/],
    ],
    [
      'the same as a readiness',
      { readiness: { timeout: '3h' } },
      SETTINGS,
      {},
      [/"readiness.timeout" must/],
    ],
    [
      'a lifetime beyond the bound',
      { max_lifetime: '25h' },
      SETTINGS,
      {},
      [/"max_lifetime" must be at most 24h|1d/],
    ],
    [
      'keeping beyond the bound',
      { keep_on_failure: '2h' },
      SETTINGS,
      {},
      [/"keep_on_failure" must be at most 1h/],
    ],
    [
      'keeping processes',
      { provider: 'local', keep_on_failure: '1m' },
      SETTINGS,
      {},
      [/"keep_on_failure" has no meaning/],
    ],
    [
      'keeping managed jobs',
      { mode: 'job', keep_on_failure: '1m' },
      SETTINGS,
      {},
      [/"keep_on_failure" has no meaning/],
    ],
    ['a managed job', { mode: 'job' }, SETTINGS, { maxLifetime: 12 * HOUR }, []],
  ])('%s', (_, more, settings, limits, faults) => {
    const found = readLimits({ provider: 'aws', region: 'x', gpu: 'H100', ...more }, settings)
    expect(found.faults).toEqual(faults.map((fault) => expect.stringMatching(fault)))
    if (faults.length === 0) expect(found.limits).toEqual(limits)
  })
})

test.each([
  [0, 'under way'],
  [50 * MINUTE - 1, 'under way'],
  [50 * MINUTE, 'ending'],
  [HOUR - 1, 'ending'],
  [HOUR, 'over'],
  [1000 * HOUR, 'over'],
])('after %i ms, a lifetime of an hour is %s', (after, is) => {
  expect(lifetimeAt(5000 + after, 5000, HOUR).is).toBe(is)
})

const active = ({ phase }: LogEntry) => phase === 'active'
const terminated = ({ message }: LogEntry) => message === 'Node terminated'

describe('an active node', () => {
  const serving = (max_lifetime: string) => ({
    ...{ node_id: 'short', provider: 'local', region: 'local', gpu: 'cpu', max_lifetime },
    task: task({ run: serverScript() }),
  })

  test('is taken down when its lifetime is over, and its log says so ten minutes before', async () => {
    let ahead = 0
    const server = await serve({ now: () => new Date(Date.now() + ahead) })
    await server.orchestrator.launch(serving('12h'))
    await server.until('short', active)
    const { ends_at } = await recordOf(server, 'short')
    expect(Date.parse(ends_at ?? '') - Date.now()).toBeGreaterThan(11.9 * HOUR)
    ahead = 11 * HOUR
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await server.list('short')).filter(({ level }) => level === 'warn')).toEqual([])
    ahead = 11 * HOUR + 55 * MINUTE
    const noticed = await server.until('short', ({ level }) => level === 'warn')
    expect(noticed.at(-1)).toMatchObject({
      ...{ phase: 'active', details: `ends_at: ${ends_at}` },
      message: expect.stringMatching(
        /^The node will be taken down in \S+: its max_lifetime is 12h$/,
      ),
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    ahead = 12 * HOUR + MINUTE
    const entries = await server.until('short', terminated)
    expect(entries.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The node will be taken down/),
      'The node has been active for its max_lifetime of 12h; it is taken down',
      'Node terminated',
    ])
    expect(await recordOf(server, 'short')).toMatchObject({ status: 'terminated' })
    expect(await recordOf(server, 'short')).not.toHaveProperty('ends_at')
  })

  test('is taken down by the next server where this one was away at that moment', async () => {
    const folder = emptyFolder()
    const first = await startLaunching({ folder })
    await first.orchestrator.resume()
    await first.orchestrator.launch(serving('2s'))
    await first.until('short', active)
    await first.stop()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const second = await serve({ folder })
    const entries = await second.until('short', terminated)
    expect(entries.map(({ message }) => message)).toContain(
      'The node has been active for its max_lifetime of 2s; it is taken down',
    )
  })

  test('that would live longer than the server allows is refused, and its plan says so', async () => {
    const server = await serve({ limits: { usual: {}, most: { maxLifetime: HOUR } } })
    const message = '"max_lifetime" must be at most 1h on this server'
    await expect(server.orchestrator.launch(serving('2h'))).rejects.toMatchObject({
      ...{ status: 400, message },
    })
    expect((await server.orchestrator.plan(serving('2h'))).problems).toEqual([
      { field: 'max_lifetime', message },
    ])
  })

  test('without a lifetime stays', async () => {
    const server = await serve({ now: () => new Date(Date.now() + 1e12) })
    const { max_lifetime: _, ...request } = serving('')
    await server.orchestrator.launch(request)
    await server.until('short', active)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(server.orchestrator.running('short')).toBe(true)
    await server.orchestrator.terminate('short')
    await server.until('short', terminated)
  })
})

test('what is said of an active node does not follow its end, whoever has stored that', async () => {
  const { appender, store, list } = await serve()
  await appender.append('n', [{ message: 'serves', phase: 'active' }])
  expect(await appender.appendWhile('active', 'n', [{ message: 'is idle' }])).toBe(true)
  const end = { timestamp: new Date().toISOString(), level: 'error', phase: 'failed', message: 'x' }
  // The appender does not know of it yet.
  await store.append('n', [JSON.stringify(end)])
  expect(await appender.appendWhile('active', 'n', [{ message: 'is idle' }])).toBe(false)
  expect((await list('n')).map(({ message }) => message)).toEqual(['serves', 'is idle', 'x'])
})

const REQUEST = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
const failed = ({ phase }: LogEntry) => phase === 'failed'

describe.each(['API server', 'command'])('a launch that failed through the %s', (way) => {
  async function open({
    scenario = plainOutOfMemory(),
    ...more
  }: Partial<ServerOptions> & { scenario?: Scenario } = {}) {
    const api = await startDouble({ scenario })
    onTestFinished(() => api.close())
    const folder = emptyFolder()
    const options = {
      versions: { vllm: '1', uv: '1', python: '3' },
      launchTimeout: 20_000,
      pace: { status: 40, endpoint: 100, first: 20, quiet: 50, settle: 100, cleanup: 5000 },
    }
    const launcher =
      way === 'command'
        ? skyCommandLauncher({ env: skyOnPath(folder, api.url), ...options })
        : skypilotLauncher({ endpoint: api.url, http: { poll: 20 }, ...options })
    const start = () => serve({ folder, launchers: () => [launcher], ...more })
    return { api, start, server: await start() }
  }

  test('is kept for as long as was asked, and then taken down', async () => {
    const { api, server } = await open()
    const asked = await server.orchestrator.launch({ ...REQUEST, keep_on_failure: '3s' })
    const entries = await server.until('gpu-1', failed)
    const { cluster_name: cluster } = asked
    expect(entries.at(-1)?.details).toContain(
      `The cluster ${cluster} stays up for 3s, to be looked into: \`ssh ${cluster}\`.`,
    )
    const { kept_until } = await keptRecord(server)
    expect(Date.parse(kept_until ?? '') - Date.now()).toBeLessThan(3000)
    expect(api.clusters.has(cluster)).toBe(true)
    await waitFor(() => !api.clusters.has(cluster))
    expect(Date.now()).toBeGreaterThan(Date.parse(kept_until ?? ''))
    await waitFor(async () => (await recordOf(server, 'gpu-1')).kept_until === undefined)
  })

  test('is kept also where its smoke test has failed', async () => {
    const { api, server } = await open({ scenario: plain() })
    const smoke = { path: '/ping', expect: 'pong' }
    const { cluster_name: cluster } = await server.orchestrator.launch({
      ...{ ...REQUEST, smoke, keep_on_failure: '10m' },
    })
    const entries = await server.until('gpu-1', failed)
    expect(entries.some(({ phase }) => phase === 'active')).toBe(false)
    expect(entries.at(-1)?.message).toMatch(/^The smoke test failed: .*pong/)
    expect(entries.at(-1)?.details).toContain(`The cluster ${cluster} stays up for 10m`)
    expect((await keptRecord(server)).failure?.code).toBe('warmup_failed')
    expect(api.clusters.has(cluster)).toBe(true)
    await server.orchestrator.terminate('gpu-1')
    await waitFor(() => !api.clusters.has(cluster))
  })

  test('is kept over a restart, for longer where asked, and no longer than the server allows', async () => {
    const limits = { usual: { keepOnFailure: MINUTE }, most: { keepOnFailure: HOUR } }
    const { api, server, start } = await open({ limits })
    const { cluster_name: cluster } = await server.orchestrator.launch(REQUEST)
    await keptRecord(server)
    await server.stop()
    const second = await start()
    await second.orchestrator.keep('gpu-1', 30 * MINUTE)
    const { kept_until } = await recordOf(second, 'gpu-1')
    expect(Date.parse(kept_until ?? '') - Date.now()).toBeGreaterThan(29 * MINUTE)
    await expect(second.orchestrator.keep('gpu-1', 2 * HOUR)).rejects.toThrow(
      'the cluster of a failed launch can be kept until at most 1h after its failure',
    )
    expect(api.clusters.has(cluster)).toBe(true)
    await second.orchestrator.terminate('gpu-1')
    expect(await recordOf(second, 'gpu-1')).not.toHaveProperty('kept_until')
    await waitFor(() => !api.clusters.has(cluster))
    await expect(second.orchestrator.keep('gpu-1', MINUTE)).rejects.toThrow(
      'no cluster of node gpu-1 is kept',
    )
  })

  test('is not kept unless asked, and not where it was terminated', async () => {
    const { api, server } = await open()
    const { cluster_name: cluster } = await server.orchestrator.launch(REQUEST)
    await server.until('gpu-1', failed)
    await waitFor(() => !api.clusters.has(cluster))
    expect(await recordOf(server, 'gpu-1')).not.toHaveProperty('kept_until')
  })

  test('that is deleted, or launched again, leaves nothing that nobody looks after', async () => {
    const { api, server } = await open()
    const keeping = { ...REQUEST, keep_on_failure: '10m' }
    const first = await server.orchestrator.launch(keeping)
    await keptRecord(server)
    const second = await server.orchestrator.launch(keeping)
    expect(second.cluster_name).not.toBe(first.cluster_name)
    await waitFor(() => api.clusters.has(second.cluster_name))
    await waitFor(async () => (await recordOf(server, 'gpu-1')).status === 'failed')
    await keptRecord(server)
    expect(api.clusters.has(first.cluster_name)).toBe(true)
    await server.orchestrator.forget('gpu-1', async () => server.registry.remove('gpu-1'))
    await waitFor(() => !api.clusters.has(second.cluster_name))
    await waitFor(() => !api.clusters.has(first.cluster_name))
  })
})

type Server = Awaited<ReturnType<typeof startLaunching>>

async function recordOf(server: Server, nodeId: string): Promise<NodeRecord> {
  const record = await server.registry.find(nodeId)
  if (!record) throw new Error(`there is no node ${nodeId}`)
  return record
}

function keptRecord(server: Server): Promise<NodeRecord> {
  return waitFor(async () => {
    const record = await recordOf(server, 'gpu-1')
    return record.kept_until === undefined ? undefined : record
  })
}

async function serve(options: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await startLaunching({ folder: options.folder ?? emptyFolder(), ...options })
  await server.orchestrator.resume()
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    await server.stop()
  }
  onTestFinished(stop)
  return { ...server, stop }
}

function emptyFolder(): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}
