import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { amidGarbage } from '../../server/test/support/garbage.js'
import {
  backOff,
  childSignal,
  DeadlineError,
  startDeadline,
  withDeadline,
} from '../src/async/index.js'

/** Ends when the signal aborts, with an error of its own, as most of what takes a signal does. */
function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
  })
}

describe('a deadline', () => {
  test('passes although garbage is collected while it is waited for', async () => {
    const caller = new AbortController()
    const error = await amidGarbage(
      withDeadline(200, caller.signal, hang).catch((reason) => reason),
    )
    expect(error).toBeInstanceOf(DeadlineError)
    expect(error).toMatchObject({ name: 'TimeoutError', message: 'timed out after 0.2s' })
  })

  test('tells the end of the time from the caller who gives up', async () => {
    const caller = new AbortController()
    const { signal, passed } = startDeadline(10_000, caller.signal)
    const done = withDeadline(10_000, caller.signal, hang)
    caller.abort(new Error('not wanted any more'))
    await expect(done).rejects.toThrow('not wanted any more')
    expect(signal.reason.message).toBe('not wanted any more')
    expect(passed()).toBe(false)
  })

  test('is over before it begins where the caller has given up', async () => {
    const { signal, clear } = startDeadline(10_000, AbortSignal.abort('gone'))
    expect(signal.reason).toBe('gone')
    clear()
  })

  test('leaves the errors of work that ends in time as they are', async () => {
    await expect(
      withDeadline(10_000, undefined, () => Promise.reject(new Error('of the work'))),
    ).rejects.toThrow('of the work')
  })

  test('that lies further off than a timer can count does not pass at once', async () => {
    const { signal, clear } = startDeadline(2 ** 40)
    await sleep(20)
    expect(signal.aborted).toBe(false)
    clear()
  })

  test('can be stopped, and the caller may still give up', () => {
    const caller = new AbortController()
    const { signal, stop, clear } = startDeadline(10_000, caller.signal)
    stop()
    caller.abort('later')
    expect(signal.reason).toBe('later')
    clear()
  })
})

describe('a signal that lives long', () => {
  test('keeps nothing of the deadlines that were below it', async () => {
    const { signal } = new AbortController()
    for (let i = 0; i < 100; i += 1) await withDeadline(10_000, signal, async () => i)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('has one listener for all its children, and aborts all of them', () => {
    const parent = new AbortController()
    const children = Array.from({ length: 50 }, () => childSignal(parent.signal))
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1)
    children[0]?.abort('only this one')
    parent.abort('all')
    const reasons = children.map(({ signal }) => signal.reason)
    expect(reasons).toEqual(['only this one', ...Array(49).fill('all')])
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0)
  })

  test('has no say any more in a child that was released', () => {
    const parents = [new AbortController(), new AbortController()]
    const child = childSignal(...parents.map(({ signal }) => signal))
    child.release()
    for (const parent of parents) parent.abort()
    expect(child.signal.aborted).toBe(false)
  })
})

test('each pause before a retry is twice the one before, up to the longest', () => {
  const pauses = [0, 1, 2, 3, 4, 2000].map((i) => backOff(i, { first: 100, longest: 1000 }))
  expect(pauses).toEqual([100, 200, 400, 800, 1000, 1000])
  expect(backOff(2, { first: 100, longest: 1000, random: () => 0.5 })).toBe(200)
})
