import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry } from '@launchtail/client'
import { expect } from 'vitest'
import { newNode } from './nodes.js'
import type { RunningServer } from './processes.js'
import type { StreamEvent } from './stream.js'

/** Launches that are written to at random; `run` ends them. */
export function createLaunches(first: RunningServer, random: () => number, most = 50) {
  const nodes: string[] = []
  const open = new Set<string>()
  let on = first
  let n = 0
  let steps = 0
  return { begin, run, step, nodes: () => nodes, use }

  function use(next: RunningServer): void {
    on = next
  }

  async function begin(): Promise<void> {
    const id = await newNode(on)
    nodes.push(id)
    open.add(id)
  }

  /** Writes no faster than it is read. */
  async function run(isEnough: () => boolean, read = () => n): Promise<void> {
    while (!isEnough() || nodes.length < most) {
      if (n - read() < 60) await step()
      else await sleep(5)
    }
    for (const id of open) await end(id)
  }

  async function step(): Promise<void> {
    steps += 1
    if (nodes.length < most && steps % 3 === 0) await begin()
    const some = [...open].filter(() => random() < 0.3)
    await Promise.all(
      some.map((id) => send(id, [entry(), ...(random() < 0.3 ? [entry()] : [])], on)),
    )
    if (open.size > 3 && random() < 0.03) await end([...open][0] as string)
  }

  async function end(id: string): Promise<void> {
    open.delete(id)
    const phase = random() < 0.5 ? 'active' : 'failed'
    const level = phase === 'failed' ? 'error' : 'info'
    await send(id, [entry(), { message: 'it is over', phase, level }], on)
  }

  function entry(): object {
    n += 1
    const level = random() < 0.1 ? 'error' : 'info'
    return { message: `größer ${n}`, level, ...(random() < 0.4 && { progress: 1 }) }
  }
}

/** Each node's events as its log has them, `done` once, and no id twice. */
export async function expectEachOnce(events: StreamEvent[], nodes: string[], on: RunningServer) {
  for (const id of nodes) {
    const own = events.filter(({ event, data }) => data.node_id === id && event !== 'node')
    const expected = (await listed(id, on)).flatMap(eventsFor)
    expect(own.map(({ event }) => event)).toEqual([...expected.map(([name]) => name), 'done'])
    expect(own.slice(0, -1).map(({ data }) => data)).toEqual(
      expected.map(([, data]) => ({ node_id: id, ...data })),
    )
  }
  const ids = events.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Math.max(...ids.map(({ length }) => length))).toBeLessThan(4096)
}

/** The events of an entry, without `done`. */
function eventsFor(entry: LogEntry): [string, object][] {
  const { message, phase, progress, level, details = '' } = entry
  return [
    ['log', entry],
    ...(progress === undefined
      ? []
      : [['status', { phase, progress, message }] as [string, object]]),
    ...(level === 'error'
      ? [['error', { error: message, details, phase }] as [string, object]]
      : []),
  ]
}

export function doneIn(events: readonly StreamEvent[]): StreamEvent[] {
  return events.filter(({ event }) => event === 'done')
}

export function nodesOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ data }) => String(data.node_id))
}

async function send(id: string, entries: object[], on: RunningServer): Promise<void> {
  const answer = await on.post(`/admin/nodes/${id}/logs`, entries)
  expect(answer.status).toBe(202)
}

async function listed(id: string, on: RunningServer): Promise<LogEntry[]> {
  const answer = await on.fetch(`/admin/nodes/${id}/logs?tail=all`)
  return ((await answer.json()) as { logs: LogEntry[] }).logs
}
