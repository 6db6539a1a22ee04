import { hostname, networkInterfaces } from 'node:os'
import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { removeFolder, startLaunching, task, temporaryFolder } from './support/launching.js'
import { type DoubleOptions, type Step, startDouble } from './support/skypilot-double.js'

const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }
const PACE = {
  ...{
    status: 60,
    cluster: 200,
    endpoint: 40,
    probe: 20,
    gap: 400,
    steps: 200,
    first: 20,
    longest: 150,
  },
  ...{ grace: 3000, quiet: 100, patience: 300, start: 300, settle: 300, cleanup: 3000 },
}

interface Options extends Omit<DoubleOptions, 'scenario'> {
  /** What the job does once it is started. */
  job: readonly Step[]
  launchTimeout?: number
}

async function sky({ job, launchTimeout = 20_000, ...double }: Options) {
  const begin = '├── Waiting for task resources on 1 node.\n└── Job started. Streaming logs...\n'
  const api = await startDouble({
    scenario: {
      request: [{ text: '⚙︎ Launching on Slurm lab (main).\n└── Instance is up.\n' }],
      job: [{ text: begin }, { job: 'RUNNING' }, ...job],
    },
    ...double,
  })
  const folder = temporaryFolder()
  const launcher = skypilotLauncher({
    ...{ endpoint: api.url, versions: VERSIONS, launchTimeout, pace: PACE, http: { poll: 20 } },
  })
  const server = await startLaunching({ folder, launchers: (local) => [local, launcher] })
  onTestFinished(async () => {
    await server.stop()
    await api.close()
    removeFolder(folder)
  })
  return { api, server, launch, record }

  async function launch(more: Partial<LaunchRequest> = {}) {
    const own = task({ run: 'serve' })
    const request = { node_id: 'n', provider: 'slurm', region: 'lab', gpu: 'cpu', task: own }
    const { cluster_name } = await server.orchestrator.launch({ ...request, ...more })
    const entries = await server.until('n', ({ phase }) => phase === 'active' || phase === 'failed')
    return { entries, cluster_name }
  }

  async function record() {
    await server.registry.flush()
    return server.registry.get('n')
  }
}

const READY = `ready path=/health host=${hostname()} listens=all addresses=127.0.0.1`
const warnings = (entries: readonly LogEntry[]) =>
  entries.filter(({ level }) => level === 'warn').map(({ message }) => message)

test('on Slurm no port is asked for, and the node’s own report makes it active', async () => {
  const { api, launch, record } = await sky({ closed: true, job: [{ reports: READY }] })
  const { entries, cluster_name } = await launch()
  expect(JSON.parse(api.tasks[0] as string).resources).not.toHaveProperty('ports')
  expect(JSON.parse(api.tasks[0] as string).envs).not.toHaveProperty('PORT')
  const port = api.clusters.get(cluster_name)?.port
  expect(entries.slice(-2)).toMatchObject([
    { phase: 'health_check', message: 'Running health checks...' },
    { phase: 'active', message: 'Node is ready and serving requests!' },
  ])
  expect(entries.at(-1)?.details).toBe(
    `http://${hostname()}:${port}\nreachable: false\nssh -L ${port}:127.0.0.1:${port} ${cluster_name}`,
  )
  expect(await record()).toMatchObject({
    status: 'active',
    endpoint: `http://${hostname()}:${port}`,
    reachable: false,
  })
  expect(entries.map(({ message }) => message).join('\n')).not.toMatch(/launchtail [0-9a-f]{8}/)
  expect(api.calls).not.toContain('/endpoints')
})

test('a port that the caller names is served on, and not asked for either', async () => {
  const { api, launch } = await sky({ closed: true, job: [{ reports: READY }] })
  await launch({ task: task({ run: 'serve', resources: { ports: 9000 } }) })
  const { resources, envs } = JSON.parse(api.tasks[0] as string)
  expect(resources).not.toHaveProperty('ports')
  expect(envs.PORT).toBe('9000')
})

test.each(['any', 'aws'])(
  'ports that are refused are not asked for again (%s)',
  async (provider) => {
    const { api, launch, record } = await sky({ closed: true, job: [{ reports: READY }] })
    const { entries } = await launch({ provider, region: 'local' })
    expect(api.launched).toHaveLength(2)
    expect(api.tasks.map((text) => JSON.parse(text).resources.ports)).toEqual([['8000'], undefined])
    expect(warnings(entries)).toEqual([
      'The place cannot open ports; the launch is asked for once more without them',
    ])
    expect(await record()).toMatchObject({ status: 'active', reachable: false })
  },
)

test('what is to be ready at its endpoint is not launched without one', async () => {
  const { api, launch, record } = await sky({ closed: true, job: [{ reports: READY }] })
  const readiness = { from: 'endpoint' } as const
  const { entries } = await launch({ provider: 'aws', region: 'local', readiness })
  expect(api.launched).toHaveLength(1)
  expect(entries.at(-1)).toMatchObject({
    phase: 'failed',
    message: expect.stringContaining('Opening ports is not supported in Slurm.'),
  })
  expect((await record())?.failure?.code).toBe('bad_setting')
})

test('a launch with `expose: false` asks for no port anywhere', async () => {
  const { api, launch } = await sky({ job: [{ reports: READY }] })
  await launch({ provider: 'aws', region: 'local', expose: false })
  expect(JSON.parse(api.tasks[0] as string).resources).not.toHaveProperty('ports')
  expect(api.calls).not.toContain('/endpoints')
})

/** An address at which this machine is reached from elsewhere. */
const OWN = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

test.skipIf(OWN === undefined)(
  'a node that this server reaches is told to be reachable',
  async () => {
    const reports = READY.replace('127.0.0.1', `${OWN}`)
    const { api, launch, record } = await sky({ closed: true, job: [{ serves: 200 }, { reports }] })
    const { entries, cluster_name } = await launch()
    const endpoint = `http://${OWN}:${api.clusters.get(cluster_name)?.port}`
    expect(entries.at(-1)?.details).toBe(`${endpoint}\nreachable: true`)
    expect(await record()).toMatchObject({ endpoint, reachable: true })
  },
)

test('a server that its endpoint does not lead to: a warning, and the reason at the end', async () => {
  const { launch, record } = await sky({
    launchTimeout: 2500,
    job: [{ reports: 'ready path=/health host=gpu7 listens=all addresses=10.0.0.7 port=8000' }],
  })
  const { entries } = await launch({ provider: 'aws', region: 'local' })
  const why =
    /^the server answers on its node gpu7, but not at http:\/\/127\.0\.0\.1:\d+ from here: a firewall, a security group or a private network/i
  expect(warnings(entries)).toEqual([expect.stringMatching(why)])
  const { failure } = (await record()) ?? {}
  expect(failure?.code).toBe('health_timeout')
  expect(`${failure?.message}`).toMatch(/not ready within 2\.5s: the server answers on its node/)
})

test('a server that listens on its own machine only is told so', async () => {
  const { launch } = await sky({
    launchTimeout: 1500,
    job: [{ reports: 'ready path=/ host=gpu7 listens=loopback addresses=10.0.0.7 port=8000' }],
  })
  const { entries } = await launch({ provider: 'aws', region: 'local' })
  expect(warnings(entries)[0]).toMatch(
    /it listens on 127\.0\.0\.1 only; have it listen on 0\.0\.0\.0/,
  )
})

test('a port that another program has is told, and is the cause', async () => {
  const { launch, record } = await sky({
    closed: true,
    launchTimeout: 1500,
    job: [{ reports: 'taken port=8000 host=gpu7' }],
  })
  const { entries } = await launch()
  expect(warnings(entries)).toEqual([
    'Port 8000 is already in use by another program on the node gpu7',
  ])
  expect((await record())?.failure?.code).toBe('port_in_use')
})

test('a task that serves nothing is active as soon as its job runs', async () => {
  const { api, launch, record } = await sky({ closed: true, job: [{ text: '(task, pid=7) on\n' }] })
  const { entries } = await launch({ readiness: { from: 'job' } })
  expect(entries.at(-1)).toMatchObject({ phase: 'active', message: 'The job is running.' })
  expect(JSON.parse(api.tasks[0] as string).run).toBe('serve')
  expect(await record()).not.toHaveProperty('endpoint')
})

test('the endpoint alone decides where that is asked for', async () => {
  const { api, launch } = await sky({ job: [{ reports: READY }, { serves: 200 }] })
  const { entries, cluster_name } = await launch({
    ...{ provider: 'aws', region: 'local', readiness: { from: 'endpoint' } },
  })
  expect(entries.at(-1)?.details).toBe(`http://127.0.0.1:${api.clusters.get(cluster_name)?.port}`)
  expect(JSON.parse(api.tasks[0] as string).run).toBe('serve')
})

test('an endpoint where there is none is refused', async () => {
  const { launch } = await sky({ job: [] })
  await expect(launch({ readiness: { from: 'endpoint' } })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('"readiness.from" is "endpoint", and there is none'),
  })
})
