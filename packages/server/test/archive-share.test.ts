import { describe, expect, it } from 'vitest'
import { createShare } from '../src/find/archive/share.js'

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
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(share.pauseAfter(5, true)).toBe(5)
  })
})
