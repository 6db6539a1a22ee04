import { expect, it } from 'vitest'
import { createSlices } from '../src/async/slices.js'
import { createShared } from '../src/nodes/statistics/shared.js'

it('long work is divided by its time, and others have their turns in between', async () => {
  let time = 0
  const slices = createSlices(5, () => time)
  let turns = 0
  const others = setInterval(() => {}, 1000)
  setImmediate(function turn() {
    turns += 1
    if (others.hasRef()) setImmediate(turn)
  })
  const slicesBegun: number[] = []
  for (let step = 0; step < 20; step += 1) {
    time += 2
    if (!slices.isOver()) continue
    const before = turns
    await slices.next()
    expect(turns).toBeGreaterThan(before)
    slicesBegun.push(time)
  }
  clearInterval(others)
  others.unref()
  expect(slicesBegun).toEqual([6, 12, 18, 24, 30, 36])
})

it('what many ask for at a time is worked out once, and anew from another source', async () => {
  const shared = createShared<number>()
  const [first, second] = [[], []]
  let worked = 0
  const work = async () => ++worked
  const both = await Promise.all([shared(first, 'a', work), shared(first, 'a', work)])
  expect([...both, await shared(first, 'a', work)]).toEqual([1, 1, 1])
  expect(await shared(first, 'b', work)).toBe(2)
  expect(await shared(second, 'a', work)).toBe(3)
  const fails = () => Promise.reject(new Error('away'))
  await expect(shared(second, 'c', fails)).rejects.toThrow('away')
  expect(await shared(second, 'c', work)).toBe(4)
})
