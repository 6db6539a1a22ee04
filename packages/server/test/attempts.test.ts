import type { LogEntry } from '@launchtail/client/protocol'
import { expect, test } from 'vitest'
import { readyAt } from '../src/ingest/launch-line.js'
import { openingEntry, readyAgainEntry } from '../src/logs/attempt-entries.js'
import { type Folded, fold, UNFOLDED } from '../src/nodes/fold.js'

const at = (second: number) => new Date(Date.UTC(2026, 10, 27, 0, 0, second)).toISOString()

function record(...drafts: Partial<LogEntry>[]): Folded {
  const entries = drafts.map((draft, index): LogEntry => {
    const given = { level: 'info', phase: 'active', message: '' } as const
    return { ...given, timestamp: at(index), ...draft }
  })
  return entries.reduce<Folded>(fold, UNFOLDED)
}

const QUEUED = { phase: 'queued', message: 'Node launch request queued' } as const
const FIRST = readyAt('http://192.0.2.1:8000', ['reachable: true'])
const lost = (number: number, reason?: string) =>
  openingEntry({ number, isPreempted: true, reason })

test('a launch that is not repeated has no attempts', () => {
  expect(record(QUEUED, FIRST).attempts).toEqual([])
})

test('each attempt has its times, and why it ended', () => {
  const failed = openingEntry({ number: 3, isPreempted: false, reason: 'User program failed' })
  const { attempts } = record(
    QUEUED,
    FIRST,
    lost(2, 'Cluster preempted\nor failed'),
    { message: 'torch.OutOfMemoryError: CUDA out of memory.', level: 'error' },
    failed,
  )
  expect(attempts).toEqual([
    {
      ...{ number: 1, started_at: at(0), ended_at: at(2) },
      failure: { code: 'preempted', message: 'Cluster preempted' },
    },
    {
      ...{ number: 2, started_at: at(2), ended_at: at(4) },
      failure: { code: expect.any(String), message: expect.stringContaining('out of memory') },
    },
    { number: 3, started_at: at(4) },
  ])
})

test('the last attempt ends with the launch', () => {
  const end = { phase: 'failed', level: 'error', message: 'the job ended' } as const
  const { attempts, failure } = record(QUEUED, FIRST, lost(2), end, { phase: 'failed' })
  expect(attempts.at(-1)).toEqual({
    ...{ number: 2, started_at: at(2), ended_at: at(3) },
    failure: { code: failure?.code, message: failure?.message },
  })
  expect(record(QUEUED, lost(2), lost(2)).attempts).toHaveLength(2)
})

test('a new launch of the node begins without attempts', () => {
  const end = { phase: 'failed', level: 'error', message: 'the job ended' } as const
  expect(record(QUEUED, FIRST, lost(2), end, QUEUED).attempts).toEqual([])
})

test('of very many attempts, the newest are kept', () => {
  const many = Array.from({ length: 300 }, (_, i) => lost(i + 2))
  const { attempts } = record(QUEUED, ...many)
  expect(attempts).toHaveLength(100)
  expect(attempts.at(-1)?.number).toBe(301)
})

test('a further attempt moves the endpoint, and a line of a program does not', () => {
  const again = readyAgainEntry(2, readyAt('http://192.0.2.2:8000', ['reachable: false']))
  const moved = record(QUEUED, FIRST, lost(2), again)
  expect(moved).toMatchObject({ endpoint: 'http://192.0.2.2:8000', reachable: false })
  const said = { message: 'Attempt 2: see http://192.0.2.3/', details: 'http://192.0.2.3/' }
  expect(record(QUEUED, FIRST, lost(2), said).endpoint).toBe('http://192.0.2.1:8000')
})
