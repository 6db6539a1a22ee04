import type { LaunchRequest } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import { consideredIn } from '../src/launch/skypilot/considered.js'
import { historyOf } from '../src/nodes/statistics/history-of.js'
import { plain } from './support/launch-scenarios.js'
import { removeFolder, startLaunching, temporaryFolder } from './support/launching.js'
import { skyCalls, skyOnPath } from './support/sky-double.js'
import { CONSIDERED, type DoubleOptions, startDouble } from './support/skypilot-double.js'

const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }
const PLACES = [
  { infra: 'GCP (us-central1-b)', gpu: 'A100:1', price_per_hour: 3.67 },
  { infra: 'Slurm (lab)', gpu: 'A100:1' },
  { infra: 'AWS (us-east-1)', gpu: 'A100:8 spot', price_per_hour: 9.83 },
]

describe('the table of places that SkyPilot considers', () => {
  test('has the chosen place first, and no price where nothing is known to be paid', () => {
    expect(consideredIn(CONSIDERED)).toEqual(PLACES)
  })

  test('is read with the columns of an older version', () => {
    const table = `Considered resources (1 node):
-----------------------------------------------------------------------------------------
 CLOUD   INSTANCE    vCPUs   Mem(GB)   ACCELERATORS   REGION/ZONE   COST ($)   CHOSEN
-----------------------------------------------------------------------------------------
 AWS     m6i.large   2       8         -              us-east-1     0.10          ✔
-----------------------------------------------------------------------------------------
Launching a managed job 'batch-job'. Proceed? [Y/n]:`
    expect(consideredIn(table)).toEqual([
      { infra: 'AWS (us-east-1)', gpu: '', price_per_hour: 0.1 },
    ])
  })

  test('may be missing', () => {
    expect(consideredIn('Nothing was considered.\n')).toEqual([])
  })
})

async function world(options: Partial<DoubleOptions> = {}) {
  const api = await startDouble({ scenario: plain(), ...options })
  const folder = temporaryFolder()
  const env = skyOnPath(folder, api.url)
  const ways = {
    api: skypilotLauncher({ endpoint: api.url, versions: VERSIONS, launchTimeout: 1000 }),
    command: skyCommandLauncher({ env, versions: VERSIONS, launchTimeout: 1000 }),
  }
  const server = await startLaunching({ folder, launchers: (local) => [local, ways.api] })
  onTestFinished(async () => {
    await server.stop()
    await api.close()
    removeFolder(folder)
  })
  return { api, folder, server, ways, plan: server.orchestrator.plan }
}

function request(more: Partial<LaunchRequest> = {}): LaunchRequest {
  return { provider: 'gcp', region: 'any', gpu: 'A100', model: 'm/m', ...more }
}

describe('a plan by SkyPilot’s API server', () => {
  test('has the task and the places with their prices, and launches nothing', async () => {
    const { api, plan, server } = await world()
    const { task, places, problems } = await plan(request({ node_id: 'planned' }))
    expect(places).toEqual(PLACES)
    expect(problems).toEqual([])
    expect(task).toMatch(/^name: vllm\n.*accelerators: A100:1\n.*LAUNCHTAIL_MODEL: m\/m\n/s)
    expect(api.launched).toEqual([])
    expect(await server.registry.find('planned')).toBeUndefined()
    expect(await server.database.selectFrom('launches').selectAll().execute()).toEqual([])
  })

  test('sends no secret anywhere, and shows none', async () => {
    const { api, plan } = await world()
    const secret = 'hidden-0123456789'
    const own = `secrets:\n  TOKEN: ${secret}\nrun: |\n  echo ${secret}\n  login --token $HF_TOKEN\n`
    const secrets = { HF_TOKEN: `${secret}-too` }
    const { task } = await plan(request({ task: own, secrets, envs: { A: `${secret}-too` } }))
    expect(task).toContain("secrets:\n  TOKEN: '***'\n  HF_TOKEN: '***'\n")
    expect(task).toContain('login --token $HF_TOKEN')
    expect(task).toContain("A: '***'")
    expect(`${task}${JSON.stringify(api.bodies)}`).not.toContain(secret)
    expect(api.bodies.some(({ path }) => path === '/validate')).toBe(true)
    expect(api.bodies.some(({ path }) => path === '/optimize')).toBe(true)
  })

  test('says what is wrong with a request, each fault with its field', async () => {
    const { plan, api } = await world()
    const { problems } = await plan(request({ gpu: '!', vllm_args: '--port 1' }))
    expect(problems.map(({ field }) => field)).toEqual(['gpu', 'vllm_args'])
    expect(api.calls).toEqual([])
    const task = await plan(request({ task: 'workdir: .\n' }))
    expect(task.problems).toEqual([{ field: 'task', message: '"run" is missing' }])
  })

  test('says why SkyPilot refuses the task', async () => {
    const { plan } = await world({ plan: { refused: 'Invalid accelerator: A101' } })
    expect(await plan(request())).toMatchObject({
      places: [],
      problems: [{ field: 'gpu', message: 'Invalid accelerator: A101' }],
    })
  })

  test('says why there is no place, and why the provider is not enabled', async () => {
    const message = 'Task vllm requires \x1b[1maws\x1b[0m which is not enabled.\nRun sky check.'
    const fault = { type: 'sky.exceptions.ResourcesUnavailableError', message }
    const { plan } = await world({ plan: { fault } })
    const { problems } = await plan(request({ provider: 'aws' }))
    expect(problems).toEqual([
      {
        field: 'provider',
        message: 'Task vllm requires aws which is not enabled. Run sky check.',
      },
      { field: 'provider', message: expect.stringMatching(/^AWS is not enabled: AWS dependenc/) },
    ])
  })

  test('leaves the ports out where the place opens none, as a launch does', async () => {
    const { plan } = await world({ closed: true })
    const { task, places, problems } = await plan(request({ provider: 'any' }))
    expect(problems).toEqual([])
    expect(places).toEqual(PLACES)
    expect(task).not.toContain('ports:')
  })

  test('says that SkyPilot is out of reach', async () => {
    const { plan, api } = await world()
    api.setAway(true)
    const { problems } = await plan(request())
    expect(problems).toEqual([
      { field: 'provider', message: expect.stringMatching(/cannot be reached/) },
    ])
  })
})

test('a plan by the `sky` command is a dry run, with the task in a file without secrets', async () => {
  const { ways, folder, api } = await world()
  const secret = 'hidden-0123456789'
  const planned = await ways.command.plan(request({ secrets: { HF_TOKEN: secret } }), [secret])
  expect(planned).toMatchObject({ places: PLACES, problems: [] })
  expect(planned.task).toContain("HF_TOKEN: '***'")
  expect(skyCalls(folder)).toEqual([expect.stringMatching(/^launch --dryrun -y \S+task\.yaml$/)])
  expect(JSON.stringify(api.bodies)).not.toContain(secret)
})

test('what `sky` refuses in a dry run is a problem in its own words', async () => {
  const fault = {
    type: 'sky.exceptions.ResourcesUnavailableError',
    message: 'No GPU A101 anywhere',
  }
  const { ways } = await world({ plan: { fault } })
  expect(await ways.command.plan(request(), [])).toMatchObject({
    places: [],
    problems: [{ field: 'gpu', message: 'No GPU A101 anywhere' }],
  })
})

describe('a plan of a local launch', () => {
  test('is this machine, with the task as it would run', async () => {
    const { plan } = await world()
    const local = { provider: 'local', region: 'local', gpu: 'cpu', task: 'run: sleep 1\n' }
    expect(await plan(local)).toEqual({
      task: 'run: sleep 1\n',
      places: [{ infra: 'local', gpu: '' }],
      problems: [],
    })
    const { problems } = await plan({ ...local, task: 'run: x\nnum_nodes: 2\n' })
    expect(problems).toEqual([{ field: 'task', message: expect.stringContaining('num_nodes') }])
  })

  test('says that the node is running', async () => {
    const { plan, server } = await world()
    const local = {
      ...{ node_id: 'busy', provider: 'local', region: 'local', gpu: 'cpu' },
      task: 'run: exec sleep 60\n',
    }
    await server.orchestrator.launch(local)
    const { problems } = await plan(local)
    expect(problems).toEqual([
      { field: 'node_id', message: 'node busy has a launch that is not over' },
    ])
    await server.orchestrator.terminate('busy')
    await server.until('busy', ({ message }) => message === 'Node terminated')
  })
})

test('the history has the launches of the same provider, GPU and model', () => {
  const kind = {
    provider: 'gcp',
    region: 'x',
    gpu: 'A100',
    model: 'm/m',
    spot: false,
    owner: undefined,
  }
  const launch = (more: object, ms: number, phases: number[] = []) => ({
    ...{ nodeId: 'n', name: undefined, clusterName: '', launchId: undefined, lostAt: undefined },
    kind: { ...kind, outcome: 'succeeded' as const, code: undefined, ...more },
    ...{ startedAt: 0, endedAt: ms, phases, instances: [] },
  })
  const failed = { outcome: 'failed' as const, code: 'no_capacity' }
  const launches = [
    ...Array.from({ length: 10 }, (_, i) => launch({}, (i + 1) * 60_000)),
    launch(failed, 1000),
    launch({ model: 'other' }, 1),
    launch({ provider: 'aws' }, 1),
  ]
  const history = historyOf(launches, { provider: 'gcp', gpu: 'A100', model: 'm/m' })
  expect(history).toMatchObject({ launches: 11, succeeded: 10, phases: [] })
  expect(history.causes).toEqual([{ code: 'no_capacity', count: 1 }])
  // Quantiles are within 1 %.
  expect((history.active_p50_seconds ?? 0) / 300).toBeCloseTo(1, 1)
  expect((history.active_p90_seconds ?? 0) / 540).toBeCloseTo(1, 1)
  expect(historyOf([], { provider: 'gcp', gpu: 'A100' })).toEqual({
    ...{ launches: 0, succeeded: 0, phases: [], causes: [] },
  })
})
