import { readFileSync } from 'node:fs'
import type { GroupRequest, LogEntry } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { TERMINATED } from '../src/logs/entry-text.js'
import { createGroupReads } from '../src/nodes/groups/group-reads.js'
import { createGroupRows } from '../src/nodes/groups/group-rows.js'
import {
  removeFolder,
  type ServerOptions,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { startShared } from './support/owners.js'
import { endAll } from './support/processes.js'
import type { ServedReplica } from './support/services-double.js'
import { type DoubleOptions, type Step, startDouble } from './support/skypilot-double.js'

afterAll(endAll)

const PACE = {
  ...{ status: 60, cluster: 100, endpoint: 40, probe: 20, steps: 300, gap: 500, first: 20 },
  ...{ longest: 150, grace: 1000, quiet: 100, patience: 300, start: 300, settle: 100 },
  ...{ cleanup: 3000, cancel: 10_000, orphan: 700 },
}
const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }
const REQUEST: GroupRequest = {
  ...{ group_id: 'g', replicas: 2, mode: 'serve', provider: 'aws', region: 'x', gpu: 'H100' },
  model: 'm/m',
}
const UP: DoubleOptions['scenario'] = {
  request: [{ text: 'Waiting for the service to register\n' }],
}

/** A replica that serves in the end. */
function serves(id: number, more: readonly Step[] = []): ServedReplica {
  return {
    launch: [{ text: `⚙︎ Launching on AWS x (${id}).\n` }, { text: `└── Instance is up.\n` }],
    job: [
      { text: '├── Waiting for task resources on 1 node.\n' },
      ...[1, 2, 3].map((line) => ({ text: `(vllm, pid=7) replica ${id} line ${line}\n` })),
      ...more,
      { job: 'READY' },
    ],
  }
}

async function sky({ server, ...options }: DoubleOptions & { server?: Partial<ServerOptions> }) {
  const api = await startDouble(options)
  const folder = temporaryFolder()
  const running = await start()
  onTestFinished(async () => {
    await running.stop()
    await api.close()
    removeFolder(folder)
  })
  await running.orchestrator.resume()
  const rows = createGroupRows(running.database)
  const reads = createGroupReads({ ...running, rows })
  return {
    ...{ api, ...running, reads },
    name: () => api.launched[0] ?? '',
    group: () => reads.get('g'),
    /** The group as soon as it is like this. */
    reached: (is: (group: Awaited<ReturnType<typeof reads.get>>) => boolean) =>
      waitFor(async () => {
        const group = await reads.get('g')
        return is(group) ? group : undefined
      }),
  }

  function start() {
    const launcher = skypilotLauncher({
      ...{ endpoint: api.url, versions: VERSIONS, launchTimeout: 20_000, pace: PACE },
      http: { poll: 20, timeout: 1000, silence: 2000 },
    })
    return startLaunching({ folder, launchers: (local) => [local, launcher], ...server })
  }
}

const active = ({ phase }: LogEntry) => phase === 'active'
const over = ({ phase }: LogEntry) => phase === 'failed'

function linesOf(entries: readonly LogEntry[]): string[] {
  return entries.flatMap(({ message }) => (/^replica \d+ line/.test(message) ? [message] : []))
}

const three = (id: number) => [1, 2, 3].map((line) => `replica ${id} line ${line}`)

test('a service is brought up once, its replicas are the nodes, and all of it ends with the group', async () => {
  const { api, orchestrator, until, group, reached, name } = await sky({
    scenario: UP,
    replica: (id) => serves(id),
  })
  const launched = await orchestrator.groups.launch(REQUEST)
  expect(launched.nodes.map(({ node_id }) => node_id)).toEqual(['g-1', 'g-2'])
  for (const id of [1, 2]) {
    const entries = await until(`g-${id}`, active)
    expect(linesOf(entries)).toEqual(three(id))
    expect(entries.find(active)?.details).toBe(`http://127.0.0.1:${9000 + id}`)
    expect(entries.map(({ message }) => message).join('\n')).not.toMatch(/Start streaming|doesn't/)
  }
  expect(launched.nodes.map(({ cluster_name }) => cluster_name)).toEqual([
    `${name()}-1`,
    `${name()}-2`,
  ])
  expect(api.calls.filter((path) => path === '/serve/up')).toHaveLength(1)
  expect(api.calls).not.toContain('/launch')
  const { service, active: count } = await reached((now) => now.service?.status === 'READY')
  expect(count).toBe(2)
  expect(service).toEqual({ name: name(), status: 'READY', endpoint: 'http://127.0.0.1:30001' })

  const alone = orchestrator.terminate('g-1')
  await expect(alone).rejects.toThrow('SkyServe would replace it; terminate its group g')
  await orchestrator.groups.terminate('g')
  const ended = await reached(({ ended_at }) => ended_at !== undefined)
  expect([ended.status, ended.terminated]).toEqual(['terminated', 2])
  expect(api.services.services.size).toBe(0)
  expect((await until('g-2', over)).at(-1)?.message).toBe(TERMINATED)
  expect((await group()).nodes).toHaveLength(2)
})

test('what is sent has the fields that SkyPilot itself names', async () => {
  const recorded = JSON.parse(
    readFileSync(new URL('fixtures/skypilot-0.14/serve.json', import.meta.url), 'utf8'),
  )
  const { api, orchestrator, until, reached } = await sky({
    scenario: UP,
    replica: (id) => serves(id),
  })
  await orchestrator.groups.launch({ ...REQUEST, readiness: { path: '/ping', timeout: '90s' } })
  await until('g-1', active)
  await orchestrator.groups.terminate('g')
  await reached(({ ended_at }) => ended_at !== undefined)
  for (const path of Object.keys(recorded.bodies)) {
    const fields = { ...recorded.shared, ...recorded.bodies[path] }
    const sent = api.bodies.filter((call) => call.path === path)
    expect(sent.length, path).toBeGreaterThan(0)
    for (const { body } of sent) {
      expect(Object.keys(body).filter((name) => !(name in fields))).toEqual([])
      for (const [name, need] of Object.entries(recorded.bodies[path])) {
        if (need === 'required') expect(body, path).toHaveProperty(name)
      }
    }
  }
  const logs = api.bodies.find(({ path }) => path === '/serve/logs')?.body
  expect(recorded.components).toContain(logs?.target)
  const { service, resources } = JSON.parse(api.tasks[0] ?? '')
  expect(service).toEqual({
    readiness_probe: { path: '/ping', initial_delay_seconds: 90 },
    replicas: 2,
  })
  expect(Object.keys(service).every((name) => recorded.service_section.includes(name))).toBe(true)
  const probe = Object.keys(service.readiness_probe)
  expect(probe.every((name) => recorded.readiness_probe.includes(name))).toBe(true)
  expect(resources.ports).toHaveLength(1)
  // And what the double answers has those that SkyPilot documents.
  api.services.up('x', api.tasks[0] ?? '')
  const [answer] = api.services.status(['x']).value as [Record<string, unknown>]
  expect(recorded.service_fields.filter((name: string) => !(name in answer))).toEqual([])
  expect(recorded.service_statuses).toContain(answer.status)
  const [replica] = answer.replica_info as [Record<string, unknown>]
  expect(recorded.replica_fields.filter((name: string) => !(name in replica))).toEqual([])
  expect(recorded.replica_statuses).toContain(replica.status)
})

test('a replica that fails has its cause, and the others serve', async () => {
  const cause = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.'
  const { orchestrator, until, reached } = await sky({
    scenario: UP,
    replica: (id) =>
      id === 1
        ? serves(1)
        : {
            ...serves(2),
            job: [...serves(2).job.slice(0, -1), { text: `(vllm, pid=7) ${cause}\n` }],
            fails: 'FAILED',
          },
  })
  await orchestrator.groups.launch(REQUEST)
  await until('g-1', active)
  const entries = await until('g-2', over)
  expect(linesOf(entries)).toEqual(three(2))
  expect(entries.at(-1)?.message).toContain('CUDA out of memory')
  const { failed, active: count, nodes } = await reached(({ failed }) => failed === 1)
  expect([failed, count]).toEqual([1, 1])
  expect(nodes[1]?.node.failure?.code).toBe('gpu_out_of_memory')
})

test.each([
  ['FAILED_INITIAL_DELAY', 'not ready within its initial delay'],
  ['FAILED_PROVISION', 'no machine could be launched'],
])('a replica that is %s says so', async (fails, words) => {
  const { orchestrator, until } = await sky({
    scenario: UP,
    replica: () => ({ launch: [{ text: 'one line\n' }], job: [{ text: '(a, pid=1) b\n' }], fails }),
  })
  await orchestrator.groups.launch({ ...REQUEST, replicas: 1 })
  expect((await until('g-1', over)).at(-1)?.message).toContain(words)
})

test('a replica that is preempted has failed of that, and the one that replaces it is a new node', async () => {
  const { api, orchestrator, until, reached } = await sky({
    scenario: UP,
    replica: (id) =>
      id === 2
        ? { ...serves(2), job: [...serves(2).job, { gate: 'lose' }, { lost: true }] }
        : serves(id),
  })
  await orchestrator.groups.launch({ ...REQUEST, secrets: { HF_TOKEN: 'hf_secret_of_all' } })
  await until('g-1', active)
  await until('g-2', active)
  api.pass('lose')
  await until('g-2', over)
  expect(linesOf(await until('g-3', active))).toEqual(three(3))
  const group = await reached(({ active: count }) => count === 2)
  expect([group.replicas, group.status]).toEqual([2, 'active'])
  expect(group.nodes.map(({ role, replaces, node }) => [node.node_id, role, replaces])).toEqual([
    ['g-1', 'member', undefined],
    ['g-2', 'left', undefined],
    ['g-3', 'member', 'g-2'],
  ])
  expect(group.nodes[1]?.node.failure?.code).toBe('preempted')
  await orchestrator.groups.terminate('g')
  await reached(({ ended_at }) => ended_at !== undefined)
  expect(api.services.services.size).toBe(0)
})

test('a replica that stops answering is told, and so is its return', async () => {
  const { api, orchestrator, until, list } = await sky({
    scenario: UP,
    replica: (id) =>
      serves(id, [{ job: 'READY' }, { gate: 'away' }, { job: 'NOT_READY' }, { gate: 'back' }]),
  })
  await orchestrator.groups.launch({ ...REQUEST, replicas: 1 })
  await until('g-1', active)
  api.pass('away')
  await until('g-1', ({ message }) => /does not answer SkyServe/.test(message))
  api.pass('back')
  await until('g-1', ({ message }) => /probe again/.test(message))
  expect((await list('g-1')).filter(over)).toEqual([])
})

test('a replica that SkyServe takes down was terminated, and one that it adds is one more node', async () => {
  const { api, orchestrator, until, reached, name } = await sky({
    scenario: UP,
    replica: (id) => serves(id),
  })
  await orchestrator.groups.launch({ ...REQUEST, replicas: 1 })
  await until('g-1', active)
  api.services.launchReplica(name())
  await until('g-2', active)
  const more = await reached(({ active: count }) => count === 2)
  expect([more.replicas, more.status]).toEqual([2, 'active'])
  api.services.takeDown(name(), 1)
  expect((await until('g-1', over)).at(-1)?.message).toBe(TERMINATED)
  await reached(({ terminated }) => terminated === 1)
})

test('of a service that is ended elsewhere the nodes are terminated', async () => {
  const { api, orchestrator, until, name } = await sky({
    scenario: UP,
    replica: (id) => serves(id),
  })
  await orchestrator.groups.launch(REQUEST)
  await until('g-1', active)
  await until('g-2', active)
  api.services.down([name()])
  for (const node of ['g-1', 'g-2']) {
    expect((await until(node, over)).at(-1)?.message).toBe(TERMINATED)
  }
})

test('a group that is terminated before its service is there leaves none', async () => {
  const { api, orchestrator, reached } = await sky({
    scenario: { request: [{ gate: 'never' }] },
    replica: (id) => serves(id),
  })
  await orchestrator.groups.launch(REQUEST)
  await waitFor(() => (api.calls.includes('/serve/up') ? true : undefined))
  await orchestrator.groups.terminate('g')
  const { terminated } = await reached(({ ended_at }) => ended_at !== undefined)
  expect(terminated).toBe(2)
  expect(api.calls.filter((path) => path === '/serve/up')).toHaveLength(1)
  expect(api.services.services.size).toBe(0)
})

const TASK = 'resources: {ports: [8000]}\nrun: serve\n'

test.each<[string, Partial<GroupRequest>, string]>([
  ['this machine', { provider: 'local', task: TASK, model: undefined }, '"mode" cannot be "serve"'],
  ['a place without ports', { provider: 'slurm' }, 'needs a place that opens ports'],
  [
    'several machines',
    { task: TASK, num_nodes: 2, model: undefined },
    '"num_nodes" has no meaning',
  ],
  ['a lifetime', { max_lifetime: '1h' }, '"max_lifetime" has no meaning'],
  ['attempts', { attempts: 2 }, '"attempts"'],
  ['a cluster that is kept', { keep_on_failure: '1h' }, '"keep_on_failure" has no meaning'],
  ['a budget', { budget: 3 }, '"budget" has no meaning'],
  ['a test', { smoke: { prompt: 'Hi' } }, '"smoke" has no meaning'],
  ['no path', { task: TASK, model: undefined }, '"readiness.path" is missing'],
  [
    'a task with a number of its own',
    {
      ...{ task: `${TASK}service: {readiness_probe: /h, replicas: 3}\n`, model: undefined },
    },
    '"service.replicas" must not be in the task',
  ],
])('%s is refused', async (_, more, words) => {
  const { api, orchestrator } = await sky({ scenario: UP })
  const { launch } = orchestrator.groups
  await expect(launch({ ...REQUEST, ...more } as GroupRequest)).rejects.toThrow(words)
  expect(api.calls).not.toContain('/serve/up')
})

test('a single node, a plan, an update, and a server that ends nodes are refused', async () => {
  const { api, orchestrator, until } = await sky({ scenario: UP, replica: (id) => serves(id) })
  const { group_id: _, replicas: __, ...one } = REQUEST
  await expect(orchestrator.launch(one)).rejects.toThrow('POST /admin/groups with "replicas"')
  const { problems } = await orchestrator.plan({ ...one, replicas: 2 })
  expect(problems.map(({ message }) => message).join()).toContain('cannot be planned')
  await orchestrator.groups.launch(REQUEST)
  await until('g-1', active)
  const how = { surge: 1, replaces: true }
  const update = orchestrator.groups.update('g', ({ request }) => request, how)
  await expect(update).rejects.toThrow('cannot be updated here')
  const strict = await sky({
    scenario: UP,
    server: { limits: { usual: { maxLifetime: 60_000 }, most: {} } },
  })
  const launched = strict.orchestrator.groups.launch(REQUEST)
  await expect(launched).rejects.toThrow('this server ends nodes after a time')
  const poor = await sky({ scenario: UP, server: { budget: 10 } })
  await expect(poor.orchestrator.groups.launch(REQUEST)).rejects.toThrow('has a budget')
  expect(api.launched).toHaveLength(1)
})

test('a service that cannot be brought up fails all of its nodes in SkyPilot’s words', async () => {
  const message = 'No cloud can host the sky serve controller.'
  const { api, orchestrator, until, reached } = await sky({
    scenario: {
      request: [],
      result: { type: 'sky.exceptions.ResourcesUnavailableError', message },
    },
  })
  await orchestrator.groups.launch(REQUEST)
  for (const node of ['g-1', 'g-2']) {
    expect((await until(node, over)).at(-1)?.message).toContain(message)
  }
  expect((await reached(({ failed }) => failed === 2)).status).toBe('failed')
  await orchestrator.groups.terminate('g')
  await reached(({ ended_at }) => ended_at !== undefined)
  expect(api.calls.filter((path) => path === '/serve/up')).toHaveLength(1)
})

test('a service whose request SkyPilot has lost fails its nodes, unless it is there later', async () => {
  const { api, orchestrator, until, name } = await sky({
    scenario: { request: [{ gate: 'never' }] },
    replica: (id) => serves(id),
  })
  await orchestrator.groups.launch(REQUEST)
  await waitFor(() => (api.calls.includes('/serve/up') ? true : undefined))
  api.restart()
  for (const node of ['g-1', 'g-2']) {
    const said = (await until(node, over)).at(-1)?.message
    expect(said).toContain(`knows neither the launch nor a service ${name()}`)
  }
  await orchestrator.groups.launch({ ...REQUEST, group_id: 'h', replicas: 1 })
  await waitFor(() => (api.launched.length === 2 ? true : undefined))
  api.restart()
  api.services.up(api.launched[1] ?? '', api.tasks[1] ?? '')
  expect(linesOf(await until('h-1', active))).toEqual(three(1))
})

test('a controller that fails is the group’s status, and the cause of its nodes', async () => {
  const { api, orchestrator, until, reached, name } = await sky({
    scenario: UP,
    replica: (id) => serves(id),
  })
  await orchestrator.groups.launch(REQUEST)
  await until('g-1', active)
  await until('g-2', active)
  api.services.failController(name())
  const { service } = await reached((group) => group.service?.status === 'CONTROLLER_FAILED')
  expect(service?.name).toBe(name())
  for (const node of ['g-1', 'g-2']) {
    expect((await until(node, over)).at(-1)?.message).toContain('controller of the service')
  }
  await orchestrator.groups.terminate('g')
  await reached(({ ended_at }) => ended_at !== undefined)
  expect(api.services.services.size).toBe(0)
})

// Each of the four servers is a process that has to start.
describe('with the server killed in between', () => {
  let shared: Awaited<ReturnType<typeof startShared>>
  beforeAll(async () => {
    shared = await startShared()
  })
  afterAll(() => shared.close())

  test('the service is brought up once, and each replica’s log is whole', async () => {
    const api = await startDouble({
      scenario: { request: [{ text: 'Launching\n' }, { gate: 'up' }] },
      replica: (id) => serves(id, [{ gate: 'ready' }]),
    })
    onTestFinished(() => api.close())
    const first = await shared.start({ owner: 'first', lease: 300, endpoint: api.url })
    // SkyPilot takes it, and nobody hears that.
    const isTaken = new Promise<void>((resolve) => {
      api.intercept(async ({ path, go }) => {
        if (path !== '/serve/up') return go()
        await first.kill()
        await go()
        resolve()
      })
    })
    first.tell({ launchGroup: REQUEST }).catch(() => {})
    await isTaken
    api.intercept(undefined)
    const second = await shared.start({ owner: 'second', lease: 300, endpoint: api.url })
    api.pass('up')
    await shared.until('g-2', ({ message }) => message === 'replica 2 line 3')
    await second.kill()
    const third = await shared.start({ owner: 'third', lease: 300, endpoint: api.url })
    api.pass('ready')
    for (const id of [1, 2]) {
      expect(linesOf(await shared.until(`g-${id}`, active))).toEqual(three(id))
    }
    expect(api.calls.filter((path) => path === '/serve/up')).toHaveLength(1)
    await third.tell({ terminateGroup: 'g' })
    await third.kill()
    await shared.start({ owner: 'fourth', lease: 300, endpoint: api.url })
    for (const id of [1, 2]) {
      expect((await shared.until(`g-${id}`, over)).at(-1)?.message).toBe(TERMINATED)
    }
    await waitFor(() => (api.services.services.size === 0 ? true : undefined))
  }, 120_000)
})
