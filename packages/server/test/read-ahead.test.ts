import { describe, expect, it } from 'vitest'
import { createReadAhead } from '../src/stream/feed/read-ahead.js'

const LENGTH = 1000

/** A list of 1,000 texts, and the reads of it: which were asked for, in their order. */
function open({ isRemote = true, base = LENGTH - 1 } = {}) {
  const asked: string[] = []
  const state = { list: 1, fails: false }
  const ahead = createReadAhead({
    nodeId: 'n',
    store: {
      isRemote,
      async read(_nodeId, from, limit) {
        asked.push(`${from}+${limit}`)
        if (state.fails) throw new Error('away')
        const length = Math.min(limit, LENGTH - from)
        return Array.from({ length }, (_, i) => `${state.list}:${from + i}`)
      },
    },
    base: () => base,
    replacements: () => state.list,
  })
  return { asked, state, read: ahead.read, drop: ahead.drop }
}

describe('reading ahead', () => {
  it('asks for the next page, from the last text on, before it is wanted', async () => {
    const { asked, read } = open()
    expect(await read(0, 300)).toHaveLength(300)
    expect(asked).toEqual(['0+300', '299+300'])
    expect((await read(299, 300))[0]).toBe('1:299')
    expect(asked).toEqual(['0+300', '299+300', '598+300'])
  })

  it('ends with the oldest entry in memory', async () => {
    const { asked, read } = open({ base: 400 })
    await read(0, 300)
    expect(await read(299, 102)).toHaveLength(102)
    expect(asked).toEqual(['0+300', '299+102'])
  })

  it('is for four readers at other places, and forgets the oldest', async () => {
    const { asked, read } = open()
    for (const from of [0, 100, 200, 300, 400]) await read(from, 50)
    asked.length = 0
    await read(149, 50)
    expect(asked[0]).not.toBe('149+50')
    await read(49, 50)
    expect(asked).toContain('49+50')
  })

  it('is left out where there are more readers than that', async () => {
    const { asked, read } = open()
    for (const from of [0, 100, 200, 300, 400]) await read(from, 50)
    asked.length = 0
    for (const from of [501, 601, 701]) await read(from, 50)
    expect(asked).toEqual(['501+50', '601+50', '701+50'])
  })

  it('asks for as many as the reader did', async () => {
    const { asked, read } = open()
    await read(0, 20)
    expect(asked).toEqual(['0+20', '19+20'])
  })

  it('gives nothing of a list that was replaced since', async () => {
    const { read, state } = open()
    await read(0, 300)
    state.list = 2
    expect((await read(299, 300))[0]).toBe('2:299')
  })

  it('tells whoever asks that it failed, once', async () => {
    const { read, state } = open()
    state.fails = false
    await read(0, 300)
    state.fails = true
    await read(299, 300)
    // The page after that was asked for while the storage was away.
    await expect(read(598, 300)).rejects.toThrow('away')
    state.fails = false
    expect((await read(598, 300))[0]).toBe('1:598')
  })

  it('is left out where the store is in this process, and after it was dropped', async () => {
    const local = open({ isRemote: false })
    await local.read(0, 300)
    expect(local.asked).toEqual(['0+300'])
    const remote = open()
    await remote.read(0, 300)
    remote.drop()
    await remote.read(299, 300)
    expect(remote.asked.slice(0, 3)).toEqual(['0+300', '299+300', '299+300'])
  })
})
