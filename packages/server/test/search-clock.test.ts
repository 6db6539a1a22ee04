import { describe, expect, it } from 'vitest'
import { startSearchClock } from '../src/find/archive/search-clock.js'

describe('the time of a search', () => {
  it('is over when the thread was at work for so long', () => {
    let atWork = 500
    const clock = startSearchClock(2000, { begun: 0, atWork: () => atWork })
    expect(clock.isOver(2000)).toBe(false)
    atWork = 1500
    // It has had half of the time that has passed.
    expect([clock.isOver(2001), clock.isOver(3000)]).toEqual([false, false])
    atWork = 2500
    expect(clock.isOver(3500)).toBe(true)
  })

  it('is over where the thread gets next to nothing, too, but later', () => {
    const clock = startSearchClock(2000, { begun: 0, atWork: () => 7 })
    expect([2001, 5000, 9999].map(clock.isOver)).toEqual([false, false, false])
    expect(clock.isOver(10_001)).toBe(true)
  })

  it('is the time that passes where the system does not tell', () => {
    const clock = startSearchClock(2000, { begun: 0, atWork: () => undefined })
    expect([clock.isOver(1999), clock.isOver(2001)]).toEqual([false, true])
  })

  it('is told by this system', () => {
    const begun = performance.now()
    const clock = startSearchClock(20, { begun })
    while (!clock.isOver(performance.now())) JSON.stringify({ at: begun })
    expect(performance.now() - begun).toBeLessThan(5 * 20 + 1000)
    const endless = startSearchClock(Number.POSITIVE_INFINITY)
    expect(endless.isOver(Number.MAX_SAFE_INTEGER)).toBe(false)
  })
})
