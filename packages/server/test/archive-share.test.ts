import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { ArchiveCalls } from '../src/find/archive/calls.js'
import { createFeeder } from '../src/find/archive/feeder.js'
import { NOTHING_YET } from '../src/find/archive/pages.js'
import { createPauses, type Pace } from '../src/find/archive/pauses.js'
import { createShare, type Share } from '../src/find/archive/share.js'
import type { ArchiveThread } from '../src/find/archive/thread.js'
import { asStored } from '../src/find/archive/to-be-archived.js'
import { checkOf } from '../src/logs/check.js'
import { until } from './support/processes.js'

describe('what the archive takes in of lists with more than a page', () => {
  it.each([
    ['sparing', true],
    ['even', false],
  ] as const)('has its share of the time at an %s pace', async (pace, isBusy) => {
    const pauses: boolean[] = []
    const { feeder, paces, taken } = feederOf({
      isBusy: () => isBusy,
      pauseAfter: (_took, hasMore) => pauses.push(hasMore) * 0,
    })
    feeder.mark('a')
    await until('all to be taken in', () => taken() === LENGTH)
    expect(new Set(paces)).toEqual(new Set([pace]))
    expect(pauses).toEqual(paces.slice(1).map(() => true))
    await feeder.stop()
  })

  it('comes at once where a search waits', async () => {
    const { feeder, paces, taken } = feederOf({ isBusy: () => true, pauseAfter: () => 600_000 })
    feeder.mark('a')
    await feeder.flush('all')
    expect(taken()).toBe(LENGTH)
    expect(new Set(paces)).toEqual(new Set(['hurried']))
    await feeder.stop()
  })
})

describe('a search after another one', () => {
  it.each([
    ['waits a little while whoever sends entries waits, too', true, ['turn', 'second']],
    ['begins at once otherwise', false, ['second', 'turn']],
  ] as const)('%s', async (_, isBusy, order) => {
    const pauses = createPauses({ isBusy: () => isBusy, pauseAfter: () => 0 })
    await pauses.without(() => sleep(5))
    const done: string[] = []
    const second = pauses.without(async () => void done.push('second'))
    await nextTurn()
    done.push('turn')
    await second
    expect(done).toEqual(order)
  })
})

const LENGTH = 6000

/** A feeder of one list, and an archive that takes all in. */
function feederOf(share: Share) {
  const texts = Array.from({ length: LENGTH }, (_, n) => `entry ${n}`)
  const paces: Pace[] = []
  let taken = 0
  const calls: Pick<ArchiveCalls, 'reached' | 'takeIn' | 'holes'> = {
    reached: async (nodeIds) => nodeIds.map(() => NOTHING_YET),
    async takeIn(pages, pace) {
      paces.push(pace)
      return pages.map(({ from, texts: page }) => {
        taken = from + page.length
        return { length: taken, check: checkOf(page.at(-1) ?? '') }
      })
    },
    holes: async () => [],
  }
  const call = async (name: keyof typeof calls, ...given: never[]) =>
    (calls[name] as (...given: never[]) => unknown)(...given)
  const feeder = createFeeder({
    share,
    store: {
      length: async () => LENGTH,
      read: async (_nodeId, from, limit) => texts.slice(from, from + limit),
    },
    // A thread would answer with the same.
    thread: { call: call as ArchiveThread['call'] },
    toBeArchived: asStored,
    onFault(_message, error) {
      throw error
    },
  })
  return { feeder, paces, taken: () => taken }
}

describe('the share of time that the archive takes', () => {
  it('is a tenth for a fleet, whose lists have little more each', () => {
    expect(createShare(() => 0.1).pauseAfter(5, false)).toBe(45)
  })

  it('is half where lists have more than is read at once', () => {
    expect(createShare(() => 0.5).pauseAfter(5, true)).toBe(5)
  })

  it('is a tenth while the event loop has no time to spare', () => {
    expect(createShare(() => 0.97).pauseAfter(5, true)).toBe(45)
  })

  it('looks at the time since it was asked last', async () => {
    const share = createShare()
    share.pauseAfter(0, true)
    for (const end = performance.now() + 30; performance.now() < end; ) Math.sqrt(2)
    expect(share.pauseAfter(5, true)).toBe(45)
    // A machine that is busy itself keeps the loop from its rest.
    const wait = await until('the loop to rest', async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return share.pauseAfter(5, true) === 5
    })
    expect(wait).toBe(true)
  })
})
