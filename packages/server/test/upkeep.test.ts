import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { Removal } from '../src/find/archive/removal.js'
import { startUpkeep } from '../src/find/archive/upkeep.js'

it.each([
  // Each but the first is 60 ms after the one before.
  ['a search waits for what is taken in', 'hurried', 10],
  // Nine times what each takes, which is 5 ms.
  ['whoever sends entries waits', 'sparing', 10],
] as const)('indexes with pauses while %s, and without them otherwise', async (_, pace, most) => {
  let batches = 0
  const index = {
    behind: async () => 1_000_000,
    takeIn: async (limit: number) => {
      batches += 1
      for (const end = performance.now() + 5; performance.now() < end; ) Math.sqrt(2)
      return limit
    },
  }
  const removal: Removal = {
    forget: async () => {},
    expire: async () => undefined,
    shortest: 1e9,
    makeFit: async () => [],
    purge: async () => false,
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
  upkeep.grown(pace)
  const pages = setInterval(() => upkeep.grown(pace), 20)
  await sleep(300)
  clearInterval(pages)
  const paced = batches
  expect(paced).toBeGreaterThan(0)
  expect(paced).toBeLessThan(most)
  upkeep.grown('even')
  await sleep(600)
  expect(batches).toBeGreaterThan(paced * 5)
})
