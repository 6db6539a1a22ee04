import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { phaseOrder } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import { managedClusterName } from '../src/launch/skypilot/jobs/cluster-name.js'
import { TERMINATED } from '../src/logs/entry-text.js'
import { removeFolder, startLaunching, task, temporaryFolder } from './support/launching.js'
import { until } from './support/processes.js'
import { type DoubleOptions, type Hook, type Step, startDouble } from './support/skypilot-double.js'

const PACE = {
  ...{ status: 60, cluster: 100, endpoint: 40, probe: 20, steps: 300, gap: 500, first: 20 },
  ...{ longest: 150, grace: 1000, quiet: 100, patience: 300, start: 300, settle: 300 },
  ...{ cleanup: 3000, cancel: 10_000 },
}
const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }

async function sky({ pace, ...options }: DoubleOptions & { pace?: Partial<typeof PACE> }) {
  const api = await startDouble(options)
  const folder = temporaryFolder()
  const servers = new Set<Awaited<ReturnType<typeof startLaunching>>>()
  onTestFinished(async () => {
    for (const server of servers) await server.stop()
    await api.close()
    removeFolder(folder)
  })
  return { api, start, stop }

  async function start() {
    const launcher = skypilotLauncher({
      ...{ endpoint: api.url, versions: VERSIONS, launchTimeout: 20_000 },
      pace: { ...PACE, ...pace },
      http: { poll: 20, timeout: 1000, silence: 2000 },
    })
    const server = await startLaunching({ folder, launchers: (local) => [local, launcher] })
    servers.add(server)
    return server
  }

  async function stop(server: Awaited<ReturnType<typeof start>>) {
    servers.delete(server)
    await server.stop()
  }
}

const TASK = task({ run: 'sleep 900' })

function request(more: Partial<LaunchRequest> = {}): LaunchRequest {
  const place = { provider: 'slurm', region: 'lab', gpu: 'cpu' }
  return { node_id: 'n', mode: 'job', task: TASK, ...place, ...more }
}

const BEGIN: Step = {
  text: '├── Waiting for task resources on 1 node.\n└── Job started. Streaming logs... (Ctrl-C to exit log streaming; job will not be killed)\n',
}

/** A log of an attempt, whose job then runs. */
function runs(name: string, count = 20): Step[] {
  const lines = Array.from({ length: count }, (_, i) => ({ text: `(n, pid=7) ${name} ${i + 1}\n` }))
  return [BEGIN, { job: 'SETTING_UP' }, ...lines, { job: 'RUNNING' }]
}

/** What comes after the first five lines. */
const rest = (name: string) => runs(name).slice(7)

const LOST: Step[] = [{ read: true }, { lost: true }]

const active = ({ phase }: LogEntry) => phase === 'active'
const ended = ({ phase }: LogEntry) => phase === 'failed'
const says = (text: string) => (entry: LogEntry) => entry.message.includes(text)

/** What the job of this attempt has said, in order. */
function linesOf(entries: readonly LogEntry[], name: string): string[] {
  return entries.flatMap(({ message }) => (message.startsWith(`${name} `) ? [message] : []))
}

const numbered = (name: string, count = 20) =>
  Array.from({ length: count }, (_, i) => `${name} ${i + 1}`)

function expectNoWayBack(entries: readonly LogEntry[]): void {
  const orders = entries.filter((entry) => !ended(entry)).map(({ phase }) => phaseOrder(phase))
  expect(orders).toEqual([...orders].sort((a, b) => a - b))
}

test('a managed job that serves nothing is active when it runs, and cancelled with its node', async () => {
  const gate = { gate: 'go' }
  const { api, start } = await sky({
    scenario: {
      request: [],
      starting: [{ gate: 'shown' }],
      job: [BEGIN, { job: 'SETTING_UP' }, gate, ...runs('a')],
    },
  })
  const server = await start()
  const { cluster_name: name } = await server.orchestrator.launch(request())
  await server.until('n', says('Launching - Waiting for SSH access'))
  api.pass('shown')
  await server.until('n', ({ phase }) => phase === 'installing')
  // SkyPilot says that a job runs which is being set up.
  await until('the job to be said to run', () => api.managed.jobs.get(1)?.status === 'RUNNING')
  expect((await server.list('n')).some(active)).toBe(false)
  api.pass('go')
  await server.until('n', active)
  const entries = await server.until('n', says('a 20'))
  expect(entries.find(active)?.message).toBe('The job is running.')
  expect(linesOf(entries, 'a')).toEqual(numbered('a'))
  expect(api.launched).toEqual([name])
  expect(JSON.parse(api.tasks[0] ?? '')).toMatchObject({ name })
  expect(api.calls).not.toContain('/launch')
  await server.orchestrator.terminate('n')
  const all = await server.until('n', ended)
  expect(all.filter(ended)).toMatchObject([{ level: 'warn', message: TERMINATED }])
  expect(api.managed.jobs.get(1)?.status).toBe('CANCELLED')
  expect([...api.clusters.keys()]).toEqual([])
  expect(api.calls).not.toContain('/down')
  expect(server.faults).toEqual([])
})

test('a recovery is an attempt: its lines come once, and the node stays active', async () => {
  const { api, start } = await sky({
    scenario: {
      request: [],
      job: [...runs('a'), { gate: 'lost' }, ...LOST],
      recovered: [[...runs('b'), { gate: 'again' }, ...LOST], runs('c')],
    },
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', active)
  api.pass('lost')
  await server.until('n', says('b 20'))
  api.pass('again')
  const entries = await server.until('n', says('c 20'))
  for (const name of ['a', 'b', 'c']) expect(linesOf(entries, name)).toEqual(numbered(name))
  const opened = entries.filter(says('recovering, attempt'))
  expect(opened).toMatchObject([
    {
      message: 'Preempted; recovering, attempt 2',
      ...{ level: 'warn', phase: 'active' },
      details: 'attempt: 2\nCluster preempted or failed, recovering',
    },
    { message: 'Preempted; recovering, attempt 3', phase: 'active' },
  ])
  expect(opened[0]?.details).toMatch(/^attempt: 2\n/)
  expect(entries.indexOf(opened[0] as LogEntry)).toBeLessThan(entries.findIndex(says('b 1')))
  expectNoWayBack(entries)
  expect(server.faults).toEqual([])
})

test('the phases start over inside an attempt, and the launch’s own does not go back', async () => {
  const loads = (name: string, last: string): Step[] => [
    BEGIN,
    { job: 'SETTING_UP' },
    { text: `(setup pid=6) ${name} installs\n` },
    { job: 'RUNNING' },
    { text: '(n, pid=7) vLLM API server version 0.13.0\n' },
    { text: `(n, pid=7) ${last}\n` },
  ]
  const { start } = await sky({
    scenario: {
      request: [],
      job: [...loads('first', 'Starting to load model m...'), ...LOST],
      recovered: [
        [
          ...loads('second', 'INFO:     Application startup complete.'),
          { reports: 'ready path=/health host=vm addresses=127.0.0.1 listens=all' },
        ],
      ],
    },
    closed: true,
  })
  const server = await start()
  await server.orchestrator.launch(request({ readiness: { path: '/health' } }))
  const entries = await server.until('n', active)
  expectNoWayBack(entries)
  const second = entries.slice(entries.findIndex(says('recovering, attempt 2')))
  expect(second[0]).toMatchObject({ phase: 'model_loading' })
  expect(second.find(says('second installs'))).toMatchObject({ phase: 'model_loading' })
  const told = second.flatMap(
    ({ details }) => /^attempt: 2\nphase: (\w+)$/.exec(details ?? '')?.[1] ?? [],
  )
  expect(told).toEqual(['installing', 'model_loading', 'health_check'])
})

/** An attempt whose server is ready on the node of this name. */
const serves = (name: string, host: string): Step[] => [
  ...runs(name, 3),
  { text: '(n, pid=7) INFO:     Application startup complete.\n' },
  { reports: `ready path=/health port=8000 host=${host} addresses=127.0.0.1 listens=all` },
]

test('a job that recovers is said to be ready again, at its new address, once', async () => {
  const { api, start, stop } = await sky({
    scenario: {
      request: [],
      job: [...serves('a', 'node-1'), { gate: 'lost' }, ...LOST],
      recovered: [[...serves('b', 'node-2'), { gate: 'more' }, ...runs('c', 3).slice(2)]],
    },
    closed: true,
  })
  const first = await start()
  await first.orchestrator.launch(request({ readiness: { path: '/health' } }))
  await first.until('n', active)
  await first.registry.flush()
  expect(await first.registry.get('n')).toMatchObject({ endpoint: 'http://node-1:8000' })
  api.pass('lost')
  const again = (await first.until('n', says('Attempt 2: Node is ready'))).at(-1)
  expect(again).toMatchObject({ phase: 'active', level: 'info' })
  expect(again?.details).toMatch(
    /^attempt: 2\nendpoint: http:\/\/node-2:8000\nreachable: false\nssh -L /,
  )
  await first.registry.flush()
  expect(await first.registry.get('n')).toMatchObject({
    ...{ status: 'active', endpoint: 'http://node-2:8000', reachable: false },
    attempts: [
      {
        ...{ number: 1, place: 'slurm/lab', ended_at: expect.any(String) },
        failure: { code: 'preempted', message: 'Cluster preempted or failed, recovering' },
      },
      { number: 2, place: 'slurm/lab' },
    ],
  })
  await stop(first)
  const second = await start()
  await second.orchestrator.resume()
  api.pass('more')
  await second.until('n', says('c 3'))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const entries = await second.list('n')
  expect(entries.filter(says('Attempt 2: Node is ready'))).toHaveLength(1)
  expect(entries.filter(active).filter(says('Node is ready'))).toHaveLength(2)
  expectNoWayBack(entries)
  expect([...first.faults, ...second.faults]).toEqual([])
})

test('a server of another attempt is not ready because the first one’s was', async () => {
  const { api, start } = await sky({
    scenario: {
      request: [],
      job: [...serves('a', 'node-1'), { gate: 'lost' }, ...LOST],
      recovered: [[...runs('b', 3), { gate: 'late' }, ...serves('c', 'node-2').slice(-1)]],
    },
    closed: true,
  })
  const server = await start()
  await server.orchestrator.launch(request({ readiness: { path: '/health' } }))
  await server.until('n', active)
  api.pass('lost')
  await server.until('n', says('b 3'))
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect((await server.list('n')).filter(says('Attempt 2: Node is ready'))).toEqual([])
  api.pass('late')
  await server.until('n', says('Attempt 2: Node is ready'))
})

test('a job that is lost while it is set up is active when its second attempt runs', async () => {
  const { api, start } = await sky({
    scenario: {
      request: [],
      job: [
        BEGIN,
        { job: 'SETTING_UP' },
        { text: '(setup pid=6) a 1\n' },
        { gate: 'lost' },
        ...LOST,
      ],
      recovered: [runs('b')],
    },
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', says('a 1'))
  await until('the job’s status to be asked for', () => api.calls.includes('/job_status'))
  api.pass('lost')
  const entries = await server.until('n', active)
  expect(entries.findIndex(says('recovering, attempt 2'))).toBeGreaterThan(-1)
  expect(entries.findIndex(says('recovering, attempt 2'))).toBeLessThan(entries.findIndex(active))
})

test('a job whose log comes late is active behind its first lines', async () => {
  const { api, start } = await sky({
    scenario: { request: [], job: runs('a', 3) },
    pace: { grace: 100, quiet: 50 },
  })
  api.intercept(async ({ path, go }) => {
    if (path === '/jobs/logs') await new Promise((resolve) => setTimeout(resolve, 600))
    await go()
  })
  const server = await start()
  await server.orchestrator.launch(request())
  const entries = await server.until('n', active)
  expect(linesOf(entries.slice(0, entries.findIndex(active)), 'a')).toEqual(numbered('a', 3))
})

test('a job without a log is active all the same', async () => {
  const { start } = await sky({ scenario: { request: [], job: [{ job: 'RUNNING' }] } })
  const server = await start()
  await server.orchestrator.launch(request())
  const entries = await server.until('n', active)
  expect(entries.find(active)?.message).toBe('The job is running.')
})

test('a job whose cluster the API server does not know is active when it is said to run', async () => {
  const { api, start } = await sky({
    scenario: { request: [], job: [BEGIN, { job: 'SETTING_UP' }, { text: '(n, pid=7) a 1\n' }] },
  })
  api.intercept(async ({ path, body, go }) => {
    if (path === '/job_status') body.cluster_name = 'elsewhere'
    await go()
  })
  const server = await start()
  await server.orchestrator.launch(request())
  const entries = await server.until('n', active)
  expect(entries.findIndex(says('a 1'))).toBeLessThan(entries.findIndex(active))
})

test('a log that is cut over and over gives each line once', async () => {
  const { start } = await sky({
    scenario: {
      request: [],
      job: [...runs('a', 100), { gate: 'lost' }, ...LOST],
      recovered: [runs('b', 100)],
    },
    cuts: [30, 200, 1200, 1800, 900],
    piece: 64,
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', says('a 100'))
  const entries = await server.until('n', active)
  expect(linesOf(entries, 'a')).toEqual(numbered('a', 100))
})

test('a log that begins when nobody knows yet of the recovery is the next attempt’s', async () => {
  const { api, start } = await sky({
    scenario: {
      request: [],
      job: [...runs('a', 3), { gate: 'lost' }, ...LOST],
      noticed: [{ gate: 'noticed' }],
      recovered: [runs('b', 50)],
    },
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', active)
  const before = api.counts.logs
  api.pass('lost')
  await until('the log to be read again', () => api.counts.logs > before)
  const recovered = until('the recovery', () => api.managed.jobs.get(1)?.recoveries === 1)
  api.intercept(async ({ path, go }) => {
    if (path === '/jobs/queue/v2') await recovered
    await go()
  })
  api.pass('noticed')
  const entries = await server.until('n', says('b 50'))
  expect(linesOf(entries, 'a')).toEqual(numbered('a', 3))
  expect(linesOf(entries, 'b')).toEqual(numbered('b', 50))
  expect(entries.findIndex(says('attempt 2'))).toBeLessThan(entries.findIndex(says('b 1')))
})

describe('a server that is started again', () => {
  test('at every stage launches nothing twice, and stores each line once', async () => {
    const { api, start, stop } = await sky({
      scenario: {
        request: [{ text: 'Checking\n' }, { gate: 'asked' }],
        starting: [{ gate: 'starting' }],
        job: [...runs('a', 5), { gate: 'a 5' }, ...rest('a'), { gate: 'a 20' }, ...LOST],
        recovered: [[...runs('b', 5), { gate: 'b 5' }, ...rest('b')]],
      },
    })
    let server = await start()
    const again = async () => {
      await stop(server)
      server = await start()
      await server.orchestrator.resume()
    }
    await server.orchestrator.launch(request())
    await until('the launch to be asked for', () => api.launched.length === 1)
    await again()
    api.pass('asked')
    await until('the job to be there', () => api.managed.jobs.size === 1)
    await again()
    api.pass('starting')
    await server.until('n', says('a 5'))
    await again()
    api.pass('a 5')
    await server.until('n', says('a 20'))
    api.pass('a 20')
    await server.until('n', says('attempt 2'))
    await again()
    await server.until('n', says('b 5'))
    await again()
    api.pass('b 5')
    const entries = await server.until('n', says('b 20'))
    expect(linesOf(entries, 'a')).toEqual(numbered('a'))
    expect(linesOf(entries, 'b')).toEqual(numbered('b'))
    expect(entries.filter(says('recovering, attempt'))).toHaveLength(1)
    expect(api.launched).toHaveLength(1)
    expectNoWayBack(entries)
  })

  test('after a recovery that it was away for has the lines of both attempts', async () => {
    const { api, start, stop } = await sky({
      scenario: {
        request: [],
        job: [...runs('a'), { gate: 'lost' }, { lost: true }],
        recovered: [[BEGIN, { lost: true }], runs('c', 3)],
      },
    })
    const first = await start()
    await first.orchestrator.launch(request())
    await first.until('n', active)
    await first.until('n', says('a 20'))
    await stop(first)
    api.pass('lost')
    await until('two recoveries', () => api.managed.jobs.get(1)?.recoveries === 2)
    const second = await start()
    await second.orchestrator.resume()
    const entries = await second.until('n', says('c 3'))
    expect(linesOf(entries, 'a')).toEqual(numbered('a'))
    expect(linesOf(entries, 'c')).toEqual(numbered('c', 3))
    expect(entries.filter(says('recovering, attempt')).map(({ message }) => message)).toEqual([
      'Preempted; recovering, attempt 2',
      'Preempted; recovering, attempt 3',
    ])
  })

  test('after its job has ended finds the end', async () => {
    const { api, start, stop } = await sky({
      scenario: { request: [], job: [...runs('a'), { gate: 'end' }], jobEnds: 'SUCCEEDED' },
    })
    const first = await start()
    await first.orchestrator.launch(request())
    await first.until('n', active)
    await stop(first)
    api.pass('end')
    await until('the end', () => api.managed.jobs.get(1)?.status === 'SUCCEEDED')
    api.forgetRequests()
    const second = await start()
    await second.orchestrator.resume()
    const entries = await second.until('n', ended)
    expect(entries.at(-1)?.message).toContain('the job ended with status: SUCCEEDED')
    expect(linesOf(entries, 'a')).toEqual(numbered('a'))
    expect(api.launched).toHaveLength(1)
  })
})

describe('an answer that is lost', () => {
  /** The launch is taken, and the connection cut, once. */
  function cutsLaunch(): Hook {
    let isCut = false
    return async ({ path, res, go }) => {
      if (path === '/jobs/launch' && !isCut) {
        isCut = true
        res.destroy()
      }
      await go()
    }
  }

  test('to the launch: the job is found by its name', async () => {
    const { api, start } = await sky({ scenario: { request: [], job: runs('a') } })
    api.intercept(cutsLaunch())
    const server = await start()
    await server.orchestrator.launch(request())
    const entries = await server.until('n', active)
    expect(linesOf(entries, 'a')).toEqual(numbered('a'))
    expect(api.launched).toHaveLength(1)
  })

  test('to the launch, which takes its time: it is waited for', async () => {
    const { api, start } = await sky({
      scenario: { request: [{ gate: 'slow' }], job: runs('a') },
    })
    api.intercept(cutsLaunch())
    const server = await start()
    await server.orchestrator.launch(request())
    await new Promise((resolve) => setTimeout(resolve, 1500))
    api.pass('slow')
    await server.until('n', active)
    expect(api.launched).toHaveLength(1)
  })

  test('to the launch, when the node is terminated meanwhile: the job is cancelled', async () => {
    const { api, start } = await sky({
      scenario: { request: [{ gate: 'slow' }], job: runs('a') },
    })
    api.intercept(cutsLaunch())
    const server = await start()
    await server.orchestrator.launch(request())
    await until('the launch to be asked for', () => api.launched.length === 1)
    const terminated = server.orchestrator.terminate('n')
    api.pass('slow')
    await terminated
    await server.until('n', ended)
    expect(api.managed.jobs.get(1)?.status).toBe('CANCELLED')
    expect(api.launched).toHaveLength(1)
  })
})

test('a node that is launched once more does not take up its first job', async () => {
  let launches = 0
  const { api, start } = await sky({
    scenario: () => ({ request: launches > 1 ? [{ gate: 'slow' }] : [], job: runs('a') }),
  })
  api.intercept(async ({ path, res, go }) => {
    if (path !== '/jobs/launch') return go()
    launches += 1
    // The second answer is lost.
    if (launches > 1) res.destroy()
    await go()
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', active)
  await server.orchestrator.terminate('n')
  await server.until('n', ended)
  await server.orchestrator.launch(request())
  await new Promise((resolve) => setTimeout(resolve, 800))
  api.pass('slow')
  const isActive = async () => (await server.list('n')).filter(active).length === 2
  await until('the node to be active again', isActive)
  expect((await server.list('n')).filter(ended)).toHaveLength(1)
  expect(api.launched).toHaveLength(2)
})

test.each([
  ['asked for', { request: [{ gate: 'never' }] }, 0],
  ['starting', { request: [], starting: [{ gate: 'never' }] }, 1],
  ['set up', { request: [], job: [BEGIN, { job: 'SETTING_UP' }] }, 1],
  ['recovering', { request: [], job: [BEGIN, ...LOST] }, 1],
] as const)('terminate while it is being %s leaves nothing', async (stage, scenario, jobs) => {
  const { api, start } = await sky({ scenario })
  const server = await start()
  await server.orchestrator.launch(request())
  await until('the launch to be asked for', () => api.launched.length === 1)
  await until('the job to be there', () => api.managed.jobs.size === jobs)
  if (stage === 'recovering') await server.until('n', says('attempt 2'))
  await server.orchestrator.terminate('n')
  const entries = await server.until('n', ended)
  expect(entries.at(-1)?.message).toBe(TERMINATED)
  expect([...api.managed.jobs.values()].map(({ status }) => status)).toEqual(
    jobs === 0 ? [] : ['CANCELLED'],
  )
  await until('the cluster to be gone', () => api.clusters.size === 0)
  const going = [...api.requests.values()].filter(({ status }) => /PENDING|RUNNING/.test(status))
  expect(going.map(({ name }) => name)).toEqual([])
})

test('an API server that is away ends nothing, and costs no line', async () => {
  const { api, start } = await sky({
    scenario: { request: [], job: [...runs('a'), { gate: 'more' }, ...runs('b').slice(2)] },
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', active)
  api.setAway(true)
  await server.until('n', says('SkyPilot does not answer'))
  api.pass('more')
  api.setAway(false)
  const entries = await server.until('n', says('b 20'))
  expect(linesOf(entries, 'a')).toEqual(numbered('a'))
  expect(linesOf(entries, 'b')).toEqual(numbered('b'))
  expect(entries.filter(ended)).toEqual([])
})

test('a server that keeps no events tells of recoveries all the same', async () => {
  const { api, start } = await sky({
    scenario: {
      request: [],
      job: [...runs('a'), { gate: 'lost' }, ...LOST],
      recovered: [runs('b')],
    },
  })
  api.intercept(async ({ path, res, go }) => {
    if (path !== '/jobs/events') return go()
    res.writeHead(404, { 'Content-Type': 'application/json' })
    res.end('{"detail":"Not Found"}')
  })
  const server = await start()
  await server.orchestrator.launch(request())
  await server.until('n', active)
  api.pass('lost')
  const entries = await server.until('n', says('b 20'))
  expect(entries.filter(says('recovering, attempt'))).toMatchObject([{ details: 'attempt: 2' }])
  expect(linesOf(entries, 'b')).toEqual(numbered('b'))
})

test.each([
  ['FAILED', '(status: FAILED)'],
  ['FAILED_SETUP', 'setup failed: the job ended with status FAILED_SETUP'],
] as const)('a job that ends as %s has failed', async (jobEnds, message) => {
  const { api, start } = await sky({ scenario: { request: [], job: runs('a', 3), jobEnds } })
  const server = await start()
  await server.orchestrator.launch(request())
  const entries = await server.until('n', ended)
  expect(entries.at(-1)?.message).toContain(message)
  expect(linesOf(entries, 'a')).toEqual(numbered('a', 3))
  expect(api.calls).not.toContain('/jobs/cancel')
})

test('a job whose ports are refused is asked for once more without them', async () => {
  const { api, start, stop } = await sky({
    scenario: {
      request: [{ text: 'Checking\n' }],
      job: [...serves('a', 'node-1'), { gate: 'go' }],
    },
    closed: true,
  })
  const first = await start()
  await first.orchestrator.launch(
    request({ provider: 'any', region: 'local', readiness: { path: '/health' } }),
  )
  await first.until('n', active)
  await stop(first)
  const second = await start()
  await second.orchestrator.resume()
  api.pass('go')
  await until('the job’s log to be read again', () => api.counts.logs > 1)
  await second.orchestrator.terminate('n')
  const entries = await second.until('n', ended)
  expect(api.tasks.map((text) => JSON.parse(text).resources.ports)).toEqual([['8000'], undefined])
  expect(entries.filter(says('asked for once more without them'))).toHaveLength(1)
  expect(entries.filter(says('Checking'))).toHaveLength(2)
  expect(linesOf(entries, 'a')).toEqual(numbered('a', 3))
  expect([...api.managed.jobs.values()].map(({ status }) => status)).toEqual(['CANCELLED'])
})

test('a job that gets no machine has failed for SkyPilot’s own reason', async () => {
  const reason =
    'sky.exceptions.ResourcesUnavailableError: Failed to provision all possible launchable resources. Relax the task’s resource requirements: 1x Slurm({"H100": 1})'
  const { start } = await sky({
    scenario: { request: [], fails: { status: 'FAILED_NO_RESOURCE', reason } },
  })
  const server = await start()
  await server.orchestrator.launch(request())
  const entries = await server.until('n', ended)
  expect(entries.at(-1)?.details).toContain('FAILED_NO_RESOURCE')
  await server.registry.flush()
  expect((await server.registry.get('n'))?.failure?.code).toBe('no_capacity')
})

test('a job that cannot be cancelled in time is cancelled later', async () => {
  const { api, start } = await sky({
    scenario: { request: [], job: [BEGIN, { job: 'SETTING_UP' }] },
  })
  let refuses = true
  api.intercept(async ({ path, res, go }) => {
    if (path !== '/jobs/cancel' || !refuses) return go()
    res.writeHead(503, { 'Content-Type': 'application/json' })
    res.end('{"detail":"Server is shutting down"}')
  })
  const server = await start()
  await server.orchestrator.resume()
  await server.orchestrator.launch(request({ readiness: { timeout: '2s' } }))
  const entries = await server.until('n', ended)
  const { message, details } = entries.at(-1) as LogEntry
  expect(`${message} ${details}`).toContain('`sky jobs cancel -n ')
  refuses = false
  await until('the job to be cancelled', () => api.managed.jobs.get(1)?.status === 'CANCELLED')
})

test('only SkyPilot’s API server takes managed jobs', async () => {
  const { start } = await sky({ scenario: { request: [] } })
  const server = await start()
  const local = server.orchestrator.launch(request({ provider: 'local', region: 'local' }))
  await expect(local).rejects.toMatchObject({ status: 400, message: /a local launch/ })
  const command = skyCommandLauncher({ env: {}, versions: VERSIONS, launchTimeout: 1000 })
  await expect(command.check(request())).rejects.toMatchObject({
    status: 400,
    message: /SKYPILOT_API_SERVER_ENDPOINT/,
  })
})

test('the name of a managed job’s cluster is the one that SkyPilot gives it', () => {
  expect(managedClusterName('mjob', 3)).toBe('mjob-3')
  expect(managedClusterName('ltlab-slurm-lab-cpu-od-ab12cd', 12)).toBe(
    'ltlab-slurm-lab-cpu-od-6v-12',
  )
})
