import { describe, expect, it } from 'vitest'
import { createRepeats } from '../src/async/repeats.js'

describe('a fault', () => {
  it('is a repeat until it has not occurred for a minute', () => {
    let time = 0
    const { isRepeat } = createRepeats({ now: () => time })
    expect(isRepeat('redis is away')).toBe(false)
    for (let i = 0; i < 10; i += 1) {
      time += 59_999
      expect(isRepeat('redis is away')).toBe(true)
    }
    time += 60_000
    expect(isRepeat('redis is away')).toBe(false)
  })

  it('of another kind is none', () => {
    const { isRepeat } = createRepeats()
    expect(['a', 'b', 'a', 'b'].map(isRepeat)).toEqual([false, false, true, true])
  })

  it('is forgotten where there are too many kinds, the one of the oldest occurrence first', () => {
    const { isRepeat } = createRepeats()
    for (let i = 0; i < 1000; i += 1) isRepeat(`fault ${i}`)
    isRepeat('fault 0')
    isRepeat('one more')
    expect([isRepeat('fault 0'), isRepeat('fault 1')]).toEqual([true, false])
  })
})
