import type { LaunchSummary, LogEntry } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'
import { alignByPhase } from '../src/compare/align.js'
import { choosePair } from '../src/compare/choose.js'
import { differencesOf } from '../src/compare/differences.js'
import { startBrowser } from './support/browser.js'
import { node, open, send } from './support/page.js'

const launch = (number: number, more: Partial<LaunchSummary> = {}): LaunchSummary => ({
  ...{ number, use_spot: false, phases: [] },
  ...more,
})

describe('which launches stand side by side', () => {
  const failed = { outcome: 'failed' } as const
  const worked = { outcome: 'succeeded' } as const
  const chosen = (launches: LaunchSummary[], query = '') =>
    choosePair(launches, new URLSearchParams(query))?.map(({ number }) => number)

  it.each([
    [
      'what failed and the newest that worked',
      [
        [4, failed],
        [3, failed],
        [2, worked],
        [1, worked],
      ],
      '',
      [2, 4],
    ],
    [
      'what worked and the newest that failed',
      [
        [3, worked],
        [2, worked],
        [1, failed],
      ],
      '',
      [1, 3],
    ],
    [
      'the two newest where all ended alike',
      [
        [3, failed],
        [2, failed],
        [1, failed],
      ],
      '',
      [2, 3],
    ],
    [
      'those of the address',
      [
        [3, failed],
        [2, worked],
        [1, worked],
      ],
      'left=1&right=2',
      [1, 2],
    ],
  ] as const)('%s', (_, launches, query, expected) => {
    const all = launches.map(([number, more]) => launch(number, more))
    expect(chosen(all, query)).toEqual(expected)
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

describe('on the page', () => {
  const tabs = startBrowser()
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(endAll)

  test('a node that was launched twice leads to both launches side by side', async () => {
    const id = await node(server, { node_id: 'twice' })
    const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, '0')}:00Z`
    await send(server, id, [
      { phase: 'queued', message: 'asked', timestamp: at(0) },
      { phase: 'provisioning', message: 'looking for room', timestamp: at(1) },
      { phase: 'active', message: 'up', timestamp: at(3) },
    ])
    await send(server, id, [
      { phase: 'queued', message: 'asked', timestamp: at(10) },
      { phase: 'provisioning', message: 'looking for room', timestamp: at(11) },
      { phase: 'provisioning', message: 'no room anywhere', timestamp: at(12), level: 'error' },
      { phase: 'failed', message: 'given up', timestamp: at(16), level: 'error' },
    ])
    const page = await tabs.fresh()
    await open(page, server, 'nodes/twice')
    await page.getByRole('link', { name: 'compare its 2 launches' }).click()
    await page.getByRole('row', { name: 'provisioning 2m 5m +3m' }).waitFor()
    const lines = page.locator('.side .line-of-log')
    await lines.first().waitFor()
    const only = await lines.allTextContents()
    expect(only.map((text) => text.replace(/^\S+ /, ''))).toEqual([
      ...['no room anywhere', 'up', 'given up'],
    ])
    await page.getByLabel('show all lines').check()
    expect(await lines.count()).toBe(7)
    await page.getByLabel('beside').selectOption('1')
    await page.getByRole('columnheader', { name: 'launch 1' }).first().waitFor()
    expect(page.url()).toContain('right=1')
  })

  test('a node that was launched once says so, and links nowhere', async () => {
    const id = await node(server, { node_id: 'once' })
    await send(server, id, { message: 'asked', phase: 'queued' })
    const page = await tabs.fresh()
    await open(page, server, 'nodes/once/launches')
    await page.getByText('This node has been launched once.').waitFor()
    await page.getByRole('link', { name: 'The node' }).click()
    await page.getByText('asked').first().waitFor()
    expect(await page.getByText('compare its').count()).toBe(0)
  })
})
