import type { LaunchSummary, LogEntry } from '@launchtail/client'
import {
  alignByPhase,
  choosePair,
  differencesOf,
  parseSide,
  slowerOf,
  timesOf,
  whySlower,
} from '@launchtail/client/compare'
import { describe, expect, it } from 'vitest'

const launch = (number: number, more: Partial<LaunchSummary> = {}): LaunchSummary => ({
  ...{ number, use_spot: false, phases: [] },
  ...more,
})

describe('which launches stand side by side', () => {
  const failed = { outcome: 'failed' } as const
  const worked = { outcome: 'succeeded' } as const
  const chosen = (launches: LaunchSummary[], named = {}) =>
    choosePair(launches, named)?.map(({ number }) => number)

  it.each([
    [
      'what failed and the newest that worked',
      [
        [4, failed],
        [3, failed],
        [2, worked],
        [1, worked],
      ],
      {},
      [2, 4],
    ],
    [
      'what worked and the newest that failed',
      [
        [3, worked],
        [2, worked],
        [1, failed],
      ],
      {},
      [1, 3],
    ],
    [
      'the two newest where all ended alike',
      [
        [3, failed],
        [2, failed],
        [1, failed],
      ],
      {},
      [2, 3],
    ],
    [
      'those that are named',
      [
        [3, failed],
        [2, worked],
        [1, worked],
      ],
      { left: 1, right: 2 },
      [1, 2],
    ],
  ] as const)('%s', (_, launches, named, expected) => {
    const all = launches.map(([number, more]) => launch(number, more))
    expect(chosen(all, named)).toEqual(expected)
  })

  it('none where there is one launch', () => {
    expect(chosen([launch(1)])).toBeUndefined()
  })
})

describe('what was different', () => {
  it('is each field that one lacks or that has another value', () => {
    const request = { provider: 'aws', region: 'r', gpu: 'L4', node_id: 'n' }
    const [left, right] = [
      launch(1, { gpu: 'L4', request: { ...request, envs: { A: '1', B: '2' } } }),
      launch(2, { gpu: 'A100', code: 'disk_full', request: { ...request, envs: { A: '1' } } }),
    ]
    expect(differencesOf(left, right)).toEqual([
      { field: 'envs.B', left: '2', right: '' },
      { field: 'failed because', left: '', right: 'disk_full' },
    ])
    const { request: _, ...bare } = left
    expect(differencesOf(bare, { ...bare, gpu: 'A100' })).toEqual([
      { field: 'gpu', left: 'L4', right: 'A100' },
    ])
  })

  it('is of a task the lines that differ', () => {
    const asked = (task: string) =>
      launch(1, { request: { provider: 'local', region: 'l', gpu: 'cpu', task } })
    expect(differencesOf(asked('name: a\nrun: serve 1'), asked('name: a\nrun: serve 2'))).toEqual([
      { field: 'task', left: 'run: serve 1', right: 'run: serve 2' },
    ])
  })
})

describe('lines', () => {
  const line = (phase: LogEntry['phase'], message: string): LogEntry => ({
    ...{ phase, message, level: 'info', timestamp: '2026-03-01T10:00:00Z' },
  })

  it('stand beside those of the same phase, and are marked where the other has none like them', () => {
    const aligned = alignByPhase(
      [line('queued', 'asked'), line('installing', 'vllm==0.11.0 took 12.5 s')],
      [line('installing', 'vllm==0.11.0 took 9 s'), line('failed', 'out of memory')],
    )
    const told = aligned.map(({ phase, left, right }) => [
      phase,
      left.map(({ isOnlyHere }) => isOnlyHere),
      right.map(({ isOnlyHere }) => isOnlyHere),
    ])
    expect(told).toEqual([
      ['queued', [true], []],
      ['installing', [false], [false]],
      ['failed', [], [true]],
    ])
  })

  it.each([
    ['Fetched 12 of 40 in 3.5 s', 'Fetched 40 of 40 in 12 s', true],
    [
      'node 550e8400-e29b-41d4-a716-446655440000 is up',
      'node 0b1c2d3e-aaaa-4bbb-8ccc-1234567890ab is up',
      true,
    ],
    ['\u001b[32mready\u001b[0m  at 10.0.0.4:8000', 'ready at 10.0.0.17:8001', true],
    ['Successfully installed vllm-0.11.0', 'Successfully installed vllm-0.12.1', false],
    ['gpu_memory_utilization=0.9', 'gpu_memory_utilization=0.98', false],
    ['vllm==0.11.0', 'vllm==0.11', false],
    ['loading the model', 'loading the tokenizer', false],
  ])('%j and %j are alike: %s', (one, other, alike) => {
    const [aligned] = alignByPhase([line('queued', one)], [line('queued', other)])
    expect(aligned?.left[0]?.isOnlyHere).toBe(!alike)
    expect(aligned?.right[0]?.isOnlyHere).toBe(!alike)
  })
})

describe('the name of a launch', () => {
  it.each([
    ['a-node', { node: 'a-node' }],
    ['a-node@', { node: 'a-node' }],
    ['a-node@12', { node: 'a-node', number: 12 }],
    ['12', { node: '12' }],
    ['a-node@x', undefined],
    ['a node', undefined],
    ['', undefined],
  ])('%j is %j', (text, side) => {
    expect(parseSide(text)).toEqual(side)
  })

  it('is a number alone where the node is known', () => {
    expect(parseSide('12', 'mine')).toEqual({ node: 'mine', number: 12 })
  })
})

describe('why a launch was slower', () => {
  const took = (phases: LaunchSummary['phases'], outcome: LaunchSummary['outcome'] = 'succeeded') =>
    launch(1, { outcome, phases })
  const names = ['one', 'other'] as const
  const first = took([
    { phase: 'queued', duration_ms: 1000 },
    { phase: 'provisioning', duration_ms: 60_000 },
    { phase: 'installing', duration_ms: 100_000 },
  ])

  it('is the phase that took longer by most', () => {
    const second = took([
      { phase: 'queued', duration_ms: 1000 },
      { phase: 'provisioning', duration_ms: 90_000 },
      { phase: 'installing', duration_ms: 300_000 },
      { phase: 'provisioning', duration_ms: 10_000 },
    ])
    expect(timesOf(first, second)).toEqual([
      { phase: 'queued', left: 1000, right: 1000 },
      { phase: 'provisioning', left: 60_000, right: 100_000 },
      { phase: 'installing', left: 100_000, right: 300_000 },
    ])
    expect(slowerOf(first, second)).toEqual({
      ...{ side: 'right', by: 240_000, phase: 'installing', inPhase: 200_000 },
    })
    expect(whySlower(first, second, names)).toBe(
      'other was 4m slower than one: installing took 3m20s longer.',
    )
    expect(whySlower(second, first, names)).toBe(
      'one was 4m slower than other: installing took 3m20s longer.',
    )
  })

  it('is a phase that the other did not need', () => {
    const cached = took([
      { phase: 'queued', duration_ms: 1000 },
      { phase: 'provisioning', duration_ms: 70_000 },
    ])
    expect(slowerOf(first, cached)).toMatchObject({ side: 'left', by: 90_000, phase: 'installing' })
  })

  it('is looked for in the phases of both where one of them failed', () => {
    const failed = took([{ phase: 'queued', duration_ms: 5000 }], 'failed')
    expect(slowerOf(first, failed)).toMatchObject({ side: 'right', by: 4000, phase: 'queued' })
  })

  it('is nothing where both took the same time', () => {
    expect(whySlower(first, first, names)).toBe('one and other took the same time.')
  })
})
