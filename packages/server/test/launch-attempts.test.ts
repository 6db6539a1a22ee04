import { existsSync } from 'node:fs'
import { attemptsText, type LaunchRequest, type LogEntry } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { placedRequests, requestOf } from '../src/launch/attempts/attempt.js'
import { checkPlaces } from '../src/launch/attempts/check-places.js'
import { decide, pauseBefore } from '../src/launch/attempts/decide.js'
import type { Launcher } from '../src/launch/launcher.js'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { nextAttemptEntry } from '../src/logs/attempt-entries.js'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { CODES } from '../src/output/causes/codes.js'
import { WORTH_ANOTHER } from '../src/output/causes/worth-another.js'
import { plain } from './support/launch-scenarios.js'
import {
  removeFolder,
  type ServerOptions,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { type Scenario, startDouble } from './support/skypilot-double.js'
import { createWorld } from './support/stories/world.js'

const REQUEST = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
const UNTIL_UP = { ...REQUEST, retry_until_up: true, launch_timeout: '1m' }
const PLACES = [{ infra: 'aws/us-east-1' }, { infra: 'gcp/us-central1' }]
const HOUR = 3_600_000

describe('whether a launch is tried once more', () => {
  const failed = {
    ...{ request: { ...REQUEST, attempts: 3 }, number: 1, code: 'no_capacity', wasActive: false },
    ...{ elapsed: 1000, launchTimeout: undefined },
  }

  test.each<[string, object, object]>([
    ['there was no capacity', {}, { again: true }],
    ['the spot machine was lost', { code: 'preempted' }, { again: true }],
    ['the network failed', { code: 'network', number: 2 }, { again: true }],
    ['a flag is wrong', { code: 'bad_flag' }, { why: expect.stringMatching(/because bad_flag/) }],
    ['the model is gated', { code: 'gated_model' }, { why: expect.stringMatching(/gated_model/) }],
    ['the quota is used up', { code: 'quota' }, { why: expect.stringMatching(/because quota/) }],
    ['it was the last attempt', { number: 3 }, { why: 'All 3 attempts have failed.' }],
    [
      'the time is over',
      { launchTimeout: 1000 },
      { why: expect.stringMatching(/launch_timeout of 1s/) },
    ],
    ['there is time left', { launchTimeout: 1001 }, { again: true }],
    ['the node was active', { wasActive: true }, { again: false }],
    [
      'there is no time left after the pause',
      { elapsed: 60_001, launchTimeout: 60_000, request: UNTIL_UP },
      { why: expect.stringMatching(/none would begin within the launch_timeout of 1m/) },
    ],
    ['it is to be tried until it is up', { number: 40, request: UNTIL_UP }, { again: true }],
    ['no attempts were asked for', { request: REQUEST }, { again: false }],
    ['there is another place', { request: { ...REQUEST, places: PLACES } }, { again: true }],
  ])('%s', (_, more, decision) => {
    expect(decide({ ...failed, ...more })).toEqual({ again: false, ...decision })
  })

  test('by a table of known causes', () => {
    for (const code of WORTH_ANOTHER) expect(CODES).toHaveProperty(code)
  })
})

test('an attempt is made at its place, with what the request says otherwise', () => {
  const request = {
    ...{ ...REQUEST, gpu_count: 8, use_spot: false },
    places: [
      { infra: 'aws/us-east-1' },
      { infra: 'gcp', region: 'us-central1', gpu: 'A100', spot: true },
      { infra: 'slurm/lab/main', gpu_count: 2 },
    ],
  } satisfies LaunchRequest
  const placed = placedRequests(request).map(({ provider, region, gpu, gpu_count, use_spot }) => {
    return { provider, region, gpu, gpu_count, use_spot }
  })
  expect(placed).toEqual([
    { provider: 'aws', region: 'us-east-1', gpu: 'H100', gpu_count: 8, use_spot: false },
    { provider: 'gcp', region: 'us-central1', gpu: 'A100', gpu_count: undefined, use_spot: true },
    { provider: 'slurm', region: 'lab/main', gpu: 'H100', gpu_count: 2, use_spot: false },
  ])
  expect(requestOf(request, 4).region).toBe('us-east-1')
  const late = requestOf(request, 2, { elapsed: HOUR, launchTimeout: 3 * HOUR })
  expect(late.launch_timeout).toBe(`${2 * HOUR}ms`)
})

test.each<[string, object, RegExp]>([
  ['without a limit of time', { launch_timeout: undefined }, /needs a "launch_timeout"/],
  ['and so many times', { attempts: 3 }, /"retry_until_up" and "attempts" exclude each other/],
  ['as a managed job', { mode: 'job' }, /"retry_until_up" has no meaning with "mode": "job"/],
])('a launch is not tried until it is up %s', (_, more, fault) => {
  expect(() => checkPlaces({ ...UNTIL_UP, ...more })).toThrow(fault)
  expect(() => checkPlaces(UNTIL_UP)).not.toThrow()
})

test('each place is tried at once, and then again with growing pauses', () => {
  const request = { ...REQUEST, places: PLACES, attempts: 9 }
  const pauses = [1, 2, 3, 4, 5, 6, 7, 9, 11].map((number) => pauseBefore(request, number) / 1000)
  expect(pauses).toEqual([0, 0, 30, 0, 60, 0, 120, 240, 300])
})

test('the record tells each attempt’s place and cause, and the next begins without clues', () => {
  const at = (second: number) => new Date(Date.UTC(2026, 10, 27, 0, 0, second)).toISOString()
  const opening = nextAttemptEntry({
    ...{ number: 2, place: 'slurm/lab/b', left: 'slurm/lab/a', code: 'no_capacity' },
    reason: 'no machine within 20s',
  })
  const drafts: Partial<LogEntry>[] = [
    { phase: 'queued', message: 'Node launch request queued' },
    {
      phase: 'provisioning',
      level: 'error',
      message: 'torch.OutOfMemoryError: CUDA out of memory.',
    },
    { phase: 'provisioning', ...opening },
    { phase: 'failed', level: 'error', message: 'the job ended with status: FAILED' },
  ]
  const record = drafts
    .map((draft, i) => ({
      level: 'info',
      phase: 'queued',
      message: '',
      timestamp: at(i),
      ...draft,
    }))
    .reduce((before, entry, i) => fold(before, entry as LogEntry, i), UNFOLDED)
  expect(record.attempts).toEqual([
    {
      ...{ number: 1, place: 'slurm/lab/a', started_at: at(0), ended_at: at(2) },
      failure: { code: 'no_capacity', message: 'no machine within 20s' },
    },
    {
      ...{ number: 2, place: 'slurm/lab/b', started_at: at(2), ended_at: at(3) },
      failure: { code: record.failure?.code, message: record.failure?.message },
    },
  ])
  expect(record.failure?.code).not.toBe('gpu_out_of_memory')
})

const active = ({ phase }: LogEntry) => phase === 'active'
const failed = ({ phase }: LogEntry) => phase === 'failed'
const opens = ({ message }: LogEntry) => message.includes('; attempt 2 follows at')

describe('through SkyPilot', () => {
  const NO_CAPACITY = {
    type: 'sky.exceptions.ResourcesUnavailableError',
    message: 'Failed to acquire resources in all zones in lab for {Slurm(cpus=1)}.',
  }

  async function open(
    scenario: () => Scenario,
    { queued = false, ...more }: { queued?: boolean } & Pick<ServerOptions, 'attemptPauses'> = {},
  ) {
    const api = await startDouble({ scenario, queued })
    onTestFinished(() => api.close())
    const launcher = skypilotLauncher({
      ...{ endpoint: api.url, launchTimeout: 20_000, http: { poll: 20 } },
      versions: { vllm: '1', uv: '1', python: '3' },
      pace: {
        status: 40,
        endpoint: 40,
        probe: 20,
        first: 20,
        quiet: 50,
        settle: 100,
        cleanup: 3000,
      },
    })
    return { api, ...(await serve({ launchers: () => [launcher], ...more })) }
  }

  test('the second place serves where the first has no capacity', async () => {
    const turns = [{ request: [], result: NO_CAPACITY }]
    const { api, until, orchestrator, registry } = await open(() => turns.shift() ?? plain())
    await orchestrator.launch({ ...REQUEST, places: PLACES })
    const entries = await until('gpu-1', active)
    expect(entries.filter(opens)).toMatchObject([
      {
        message: 'Attempt 1 failed: no_capacity; attempt 2 follows at gcp/us-central1',
        details: expect.stringMatching(
          /^attempt: 2\nplace: gcp\/us-central1\nleft: aws\/us-east-1\ncode: no_capacity\nFailed to/,
        ),
      },
    ])
    const infra = api.tasks.map((text) => JSON.parse(text).resources.infra)
    expect(infra).toEqual(['aws/us-east-1', 'gcp/us-central1'])
    const record = await registry.find('gpu-1')
    expect(record).toMatchObject({ provider: 'gcp', region: 'us-central1', status: 'active' })
    expect(record?.attempts?.map(({ place, failure }) => [place, failure?.code])).toEqual([
      ['aws/us-east-1', 'no_capacity'],
      ['gcp/us-central1', undefined],
    ])
    await orchestrator.terminate('gpu-1')
    await waitFor(() => api.clusters.size === 0)
  })

  test('a launch is tried until it is up, and its plan says for how long', async () => {
    const turns = [1, 2, 3, 4].map(() => ({ request: [], result: NO_CAPACITY }))
    const attemptPauses = { first: 1, longest: 5 }
    const { api, until, orchestrator, registry } = await open(() => turns.shift() ?? plain(), {
      attemptPauses,
    })
    const request = { ...REQUEST, places: PLACES, retry_until_up: true, launch_timeout: '2h' }
    const { attempts } = await orchestrator.plan(request)
    expect(attempts).toEqual({ within_seconds: 7200 })
    expect(attemptsText(attempts ?? {})).toBe('It would be tried until it is up, for 2h at most.')
    await orchestrator.launch(request)
    await until('gpu-1', active)
    expect(api.launched).toHaveLength(5)
    const told = (await registry.find('gpu-1'))?.attempts ?? []
    expect(told.map(({ place }) => place?.split('/')[0])).toEqual([
      'aws',
      'gcp',
      'aws',
      'gcp',
      'aws',
    ])
    await orchestrator.terminate('gpu-1')
    await waitFor(() => api.clusters.size === 0)
  })

  test('none is begun that its time leaves no room for', async () => {
    const { api, until, orchestrator } = await open(() => ({ request: [], result: NO_CAPACITY }))
    await orchestrator.launch({ ...REQUEST, retry_until_up: true, launch_timeout: '29s' })
    const entries = await until('gpu-1', failed)
    // The pause before the second one is half a minute.
    expect(entries.at(-1)?.details).toContain(
      'No further attempt is made: none would begin within the launch_timeout of 29s.',
    )
    expect(api.launched).toHaveLength(1)
  })

  test('a place that keeps the launch waiting for too long is left for the next', async () => {
    const { api, until, orchestrator } = await open(plain, { queued: true })
    const places = [{ infra: 'aws/us-east-1', wait: '400ms' }, { infra: 'gcp/us-central1' }]
    await orchestrator.launch({ ...REQUEST, places })
    await until('gpu-1', opens)
    api.pass('queue')
    const entries = await until('gpu-1', active)
    expect(entries.find(opens)?.details).toContain(
      'no machine within 0.4s, as long as it was to wait there',
    )
    expect([...api.clusters.keys()]).toHaveLength(1)
  })

  test('what does not pass by itself is not tried again, and the failure says why', async () => {
    const { until, orchestrator, api } = await open(() => ({
      request: [],
      result: {
        type: 'ValueError',
        message: 'You exceeded your current quota for GPUS_ALL_REGIONS',
      },
    }))
    await orchestrator.launch({ ...REQUEST, attempts: 3 })
    const entries = await until('gpu-1', failed)
    expect(entries.filter(opens)).toEqual([])
    expect(entries.at(-1)?.details).toContain('No further attempt is made, because quota does not')
    expect(api.launched).toHaveLength(1)
  })
})

test('a launch that is terminated while it waits ends, also if its wait is over by then', async () => {
  const world = createWorld({
    ...{ turns: ['queued'], attempts: 2, refusals: 0, now: () => new Date() },
  })
  let waited = false
  const { launcher } = world
  const cancel: Launcher['cancel'] = async (...launch) => {
    // The wait is over before the queue has let go.
    await new Promise((resolve) => setTimeout(resolve, 3000))
    waited = true
    await launcher.cancel(...launch)
  }
  const { orchestrator, until, list, faults } = await serve({
    launchers: () => [{ ...launcher, cancel }],
  })
  const places = [{ infra: 'aws/us-east-1', wait: '3s' }, { infra: 'gcp/us-central1' }]
  await orchestrator.launch({ ...REQUEST, places })
  await until('gpu-1', ({ message }) => message === 'begins')
  await orchestrator.terminate('gpu-1')
  await waitFor(() => !orchestrator.running('gpu-1'))
  expect((await list('gpu-1')).at(-1)?.message).toBe('Node terminated')
  expect([waited, [...world.running], faults]).toEqual([true, [], []])
})

test('an attempt that has a machine keeps it when the server is back after its wait, and SkyPilot is away', async () => {
  const turns = ['slow'] as const
  const { launcher, running } = createWorld({
    ...{ turns, attempts: 2, refusals: 0, now: () => new Date() },
  })
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const first = await startLaunching({ folder, launchers: () => [launcher] })
  await first.orchestrator.resume()
  const places = [{ infra: 'aws/us-east-1', wait: '2s' }, { infra: 'gcp/us-central1' }]
  await first.orchestrator.launch({ ...REQUEST, places, launch_timeout: '1h' })
  await first.until('gpu-1', ({ message }) => message === 'is up')
  await first.stop()
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const attach: Launcher['attach'] = async function* (_, __, { signal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return undefined
  }
  const second = await startLaunching({ folder, launchers: () => [{ ...launcher, attach }] })
  onTestFinished(second.stop)
  await second.orchestrator.resume()
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect([running.size, (await second.list('gpu-1')).filter(opens)]).toEqual([1, []])
})

async function serve(options: Partial<ServerOptions> = {}) {
  const folder = temporaryFolder()
  const server = await startLaunching({ folder, ...options })
  onTestFinished(async () => {
    await server.stop()
    removeFolder(folder)
    expect(existsSync(folder)).toBe(false)
  })
  await server.orchestrator.resume()
  return server
}
