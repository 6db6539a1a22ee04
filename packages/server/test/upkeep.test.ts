import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { Removal } from '../src/find/archive/removal.js'
import { startUpkeep } from '../src/find/archive/upkeep.js'

it('indexes with pauses while a search waits for what is taken in, and without them otherwise', async () => {
  let batches = 0
  const index = {
    indexed: () => 0,
    behind: () => 1_000_000,
    takeIn: (limit: number) => {
      batches += 1
      return limit
    },
  }
  const removal: Removal = {
    forget: () => {},
    expire: () => undefined,
    shortest: 1e9,
    makeFit: () => [],
    purge: () => false,
  }
  const upkeep = startUpkeep({
    index,
    removal,
    now: () => performance.now(),
    isHurried: () => false,
    onRemoved: () => {},
    onFault: (error) => {
      throw error
    },
  })
  onTestFinished(upkeep.stop)
  upkeep.grown(true)
  const pages = setInterval(() => upkeep.grown(true), 20)
  await sleep(300)
  clearInterval(pages)
  const hurried = batches
  expect(hurried).toBeGreaterThan(0)
  // Each but the first is 60 ms after the one before.
  expect(hurried).toBeLessThan(10)
  await sleep(600)
  expect(batches).toBeGreaterThan(hurried * 10)
})
