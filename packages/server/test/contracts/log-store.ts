import { afterEach, describe, expect, it } from 'vitest'
import { checkOf } from '../../src/logs/check.js'
import { type LogStore, READ_BYTES, type Watcher } from '../../src/logs/store.js'
import { until } from '../support/processes.js'
import { fc } from '../support/property.js'

/** What every LogStore promises. `open` gives the same storage again when it is called twice. */
export function logStoreContract(
  name: string,
  open: (options: { retention: number }) => Promise<LogStore>,
): void {
  describe(`log store on ${name}`, () => {
    const opened: LogStore[] = []
    const start = async (retention = 60_000) => {
      const store = await open({ retention })
      opened.push(store)
      return store
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    it('gives back what was appended, in order, from any index on', async () => {
      const store = await start()
      await store.append('a', ['0', '1', '2'])
      const appended = await store.append('a', ['3'])
      expect(appended).toEqual({ outcome: 'stored', index: 3 })
      expect(await store.read('a', 0, 10)).toEqual(['0', '1', '2', '3'])
      expect(await store.read('a', 1, 2)).toEqual(['1', '2'])
      expect(await store.read('a', 4, 2)).toEqual([])
      expect(await store.read('a', 0, 0)).toEqual([])
      expect(await store.length('a')).toBe(4)
      expect(await store.length('b')).toBe(0)
    })

    it('gives back what comes right before an index, oldest first', async () => {
      const store = await start()
      await store.append('a', ['0', '1', '2', '3'])
      expect(await store.readBefore('a', 4, 10)).toEqual(['0', '1', '2', '3'])
      expect(await store.readBefore('a', 3, 2)).toEqual(['1', '2'])
      expect(await store.readBefore('a', 0, 2)).toEqual([])
      expect(await store.readBefore('a', 4, 0)).toEqual([])
      expect(await store.readBefore('a', 5, 2)).toEqual([])
      expect(await store.readBefore('b', 1, 2)).toEqual([])
    })

    it('reads no more bytes at once than it says, and at least one text', async () => {
      const store = await start()
      const sizes = [1, 10, 1000, 60_000, 200_000]
      const texts = Array.from({ length: 120 }, (_, i) => `${i} ${'x'.repeat(sizes[i % 5] ?? 0)}`)
      for (const text of texts) await store.append('a', [text])
      const forward: string[] = []
      while (forward.length < texts.length) {
        forward.push(...bounded(await store.read('a', forward.length, 100)))
      }
      const backward: string[] = []
      while (backward.length < texts.length) {
        const page = await store.readBefore('a', texts.length - backward.length, 100)
        backward.unshift(...bounded(page))
      }
      expect(forward).toEqual(texts)
      expect(backward).toEqual(texts)

      function bounded(page: string[]): string[] {
        expect(page.length).toBeGreaterThan(0)
        expect(page.join('').length).toBeLessThanOrEqual(READ_BYTES)
        return page
      }
    })

    it('tells every watcher, also after one that throws', async () => {
      const store = await start()
      let heard = false
      const told = () => {
        heard = true
      }
      const broken = () => {
        throw new Error('a broken watcher')
      }
      store.watch('a', watcherOf({ appended: broken, changed: broken, removed: broken }))
      store.watch('a', watcherOf({ appended: told }))
      await until('the other to be told', async () => {
        await store.append('a', ['0'])
        return heard
      })
      await store.remove('a')
      expect(await store.length('a')).toBe(0)
    })

    it('keeps the lists of nodes apart', async () => {
      const store = await start()
      await Promise.all([store.append('a', ['x']), store.append('a:b', ['y'])])
      expect(await store.read('a', 0, 9)).toEqual(['x'])
      expect(await store.read('a:b', 0, 9)).toEqual(['y'])
    })

    it('stores every one of many appends at once, each whole', async () => {
      const store = await start()
      const batches = Array.from({ length: 200 }, (_, i) => [`${i} a`, `${i} b`, `${i} c`])
      await Promise.all(batches.map((batch) => store.append('a', batch)))
      const texts = await store.read('a', 0, 1000)
      expect(texts).toHaveLength(600)
      for (let i = 0; i < texts.length; i += 3) {
        const batch = texts[i]?.split(' ')[0]
        expect(texts.slice(i, i + 3)).toEqual([`${batch} a`, `${batch} b`, `${batch} c`])
      }
    })

    it('stores all of an append, whatever its length', async () => {
      const store = await start()
      const size = (i: number) => (i > 300 && i < 350 ? 100_000 : i % 50)
      const texts = Array.from({ length: 40 * 41 }, (_, i) => `${i} ${'x'.repeat(size(i))}`)
      for (let at = 0, count = 1; at < texts.length; at += count, count += 1) {
        const appended = await store.append('a', texts.slice(at, at + count))
        expect(appended).toEqual({ outcome: 'stored', index: at })
      }
      const stored: string[] = []
      while (stored.length < texts.length)
        stored.push(...(await store.read('a', stored.length, 500)))
      expect(stored).toEqual(texts)
    })

    it('reads any stretch of what was appended in portions of any length', async () => {
      const store = await start()
      const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(5000, 17_000))
      const portion = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 200 }))
      const stretch = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 300 }))
      let lists = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(portion, length), { minLength: 1, maxLength: 12 }),
          fc.array(stretch, { minLength: 1, maxLength: 12 }),
          async (portions, stretches) => {
            lists += 1
            const list = `list-${lists}`
            const all: string[] = []
            for (const [count, size] of portions) {
              const texts = Array.from({ length: count }, (_, i) => `${i} ${'x'.repeat(size)}`)
              all.push(...texts)
              await store.append(list, texts)
            }
            for (const [place, limit] of stretches) {
              const from = place % all.length
              const found = await store.read(list, from, limit)
              expect(found).toEqual(all.slice(from, from + found.length))
              expect(isAllOf(found, all.slice(from, from + limit))).toBe(true)
              const before = await store.readBefore(list, from, limit)
              expect(before).toEqual(all.slice(from - before.length, from))
              expect(isAllOf(before, all.slice(Math.max(0, from - limit), from))).toBe(true)
            }
          },
        ),
        { numRuns: 40 },
      )

      /** All of them, or as many as may be read at once. */
      function isAllOf(found: readonly string[], asked: readonly string[]): boolean {
        const isCut = asked.join('').length > READ_BYTES && found.length > 0
        return isCut || found.length === asked.length
      }
    })

    it('takes ten thousand texts in one append', async () => {
      const store = await start()
      const texts = Array.from({ length: 10_000 }, (_, i) => `text ${i}`)
      await store.append('a', texts)
      expect(await store.length('a')).toBe(10_000)
      expect(await store.read('a', 9_998, 5)).toEqual(['text 9998', 'text 9999'])
    })

    it('appends nothing to a list that is not the expected one', async () => {
      const store = await start()
      const append = (texts: string[], length: number, last?: string) =>
        store.append('a', texts, { precondition: { length, last } })
      expect(await append(['0'], 0)).toEqual({ outcome: 'stored', index: 0 })
      expect(await append(['again'], 0)).toEqual({ outcome: 'moved' })
      expect(await append(['other'], 1, 'not 0')).toEqual({ outcome: 'moved' })
      expect(await append(['1', 'é'], 1, '0')).toEqual({ outcome: 'stored', index: 1 })
      expect(await append(['3'], 3, 'é')).toEqual({ outcome: 'stored', index: 3 })
      expect(await store.read('a', 0, 9)).toEqual(['0', '1', 'é', '3'])
    })

    it('appends nothing for an offset that is elsewhere', async () => {
      const store = await start()
      const append = (text: string, from: number, to: number) =>
        store.append('a', [text], { offset: { name: 'source', from, to } })
      expect(await append('0', 0, 10)).toEqual({ outcome: 'stored', index: 0 })
      expect(await append('0', 0, 10)).toEqual({ outcome: 'elsewhere', position: 10 })
      expect(await append('1', 10, 25)).toEqual({ outcome: 'stored', index: 1 })
      expect(await store.offset('a', 'source')).toBe(25)
      expect(await store.offset('a', 'another')).toBe(0)
      expect(await store.offset('b', 'source')).toBe(0)
      expect(await store.read('a', 0, 9)).toEqual(['0', '1'])
    })

    it('moves an offset without a text', async () => {
      const store = await start()
      await store.append('a', [], { offset: { name: 'source', from: 0, to: 7 } })
      expect(await store.offset('a', 'source')).toBe(7)
      expect(await store.length('a')).toBe(0)
    })

    it('lets one of two writers that continue the same offset through', async () => {
      const store = await start()
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.append('a', [`writer ${i}`], { offset: { name: 'source', from: 0, to: 1 } }),
        ),
      )
      expect(outcomes.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
      expect(await store.length('a')).toBe(1)
    })

    it('appends nothing for an owner after whom there was another', async () => {
      const store = await start()
      const append = (token: number, texts: string[], from = 0) =>
        store.append('a', texts, {
          fence: { name: 'launch:owner', token },
          offset: { name: 'launch', from, to: from + texts.length },
        })
      expect(await append(1, ['0'])).toEqual({ outcome: 'stored', index: 0 })
      expect(await append(2, [], 1)).toEqual({ outcome: 'stored', index: 1 })
      expect(await append(1, ['late'], 1)).toEqual({ outcome: 'fenced' })
      // It learns that first: where it is in the output does not matter any more.
      expect(await append(1, ['late'], 5)).toEqual({ outcome: 'fenced' })
      expect(await append(2, ['1'], 1)).toEqual({ outcome: 'stored', index: 1 })
      expect(await append(3, ['2'], 7)).toEqual({ outcome: 'elsewhere', position: 2 })
      expect(await append(2, ['2'], 2)).toEqual({ outcome: 'stored', index: 2 })
      expect(await store.append('a', ['3'])).toEqual({ outcome: 'stored', index: 3 })
      expect(await store.read('a', 0, 9)).toEqual(['0', '1', '2', '3'])
    })

    it('carries out a request of one key once, and tells its answer again', async () => {
      const store = await start()
      await store.append('a', ['before'])
      const once = { key: 'k', digest: 'd1', answer: '{"x": "ü y"}' }
      expect(await store.append('a', ['1', '2'], { once })).toEqual({ outcome: 'stored', index: 1 })
      const again = await store.append('a', ['3'], { once: { ...once, digest: 'd2', answer: '' } })
      expect(again).toEqual({
        outcome: 'replayed',
        digest: 'd1',
        index: 1,
        answer: '{"x": "ü y"}',
      })
      expect(await store.length('a')).toBe(3)
    })

    it('forgets a list when it is removed, with its offsets', async () => {
      const store = await start()
      await store.append('a', ['0'], { offset: { name: 'source', from: 0, to: 5 } })
      await store.remove('a')
      expect(await store.length('a')).toBe(0)
      expect(await store.offset('a', 'source')).toBe(0)
      expect(await store.append('a', ['new'])).toEqual({ outcome: 'stored', index: 0 })
      expect(await store.read('a', 0, 9)).toEqual(['new'])
    })

    it('forgets the kept replies of a list that is removed, and keeps those of the next', async () => {
      const store = await start()
      const once = { key: 'k', digest: 'd', answer: '{}' }
      await store.append('a', ['0'], { once })
      await store.remove('a')
      const stored = { outcome: 'stored', index: 0 }
      expect(await store.append('a', ['new'], { once })).toEqual(stored)
      expect((await store.append('a', ['new'], { once })).outcome).toBe('replayed')
      expect(await store.read('a', 0, 9)).toEqual(['new'])
    })

    it('tells the replies of two lists apart that lived in the same millisecond', async () => {
      const store = await start()
      const once = { key: 'k', digest: 'd', answer: '{}' }
      for (let round = 0; round < 200; round++) {
        // None waits for the one before, which brings them together as close as they come.
        const [first, again] = await Promise.all([
          store.append('a', ['0'], { once }),
          store.append('a', ['0'], { once }),
          store.remove('a'),
        ])
        expect([first.outcome, again.outcome], `round ${round}`).toEqual(['stored', 'replayed'])
      }
    })

    it('forgets a list that got nothing for the retention, and counts that from each append', async () => {
      // Where the machine was too busy to be in time, nothing is learnt, and there is another try.
      for (let retention = 600, node = 'a'; ; retention *= 2, node += 'a') {
        const store = await start(retention)
        const pause = () => new Promise((resolve) => setTimeout(resolve, (retention * 2) / 3))
        const began = performance.now()
        await store.append(node, ['0'])
        await pause()
        const between = performance.now()
        await store.append(node, ['1'])
        const first = performance.now() - began
        await pause()
        const texts = await store.read(node, 0, 9)
        if (first > retention || performance.now() - between > retention) continue
        expect(texts).toEqual(['0', '1'])
        await until('the list to expire', async () => (await store.length(node)) === 0)
        expect(await store.append(node, ['new'])).toEqual({ outcome: 'stored', index: 0 })
        expect(await store.read(node, 0, 9)).toEqual(['new'])
        break
      }
    })

    it('tells watchers what was appended and what it continues', async () => {
      const store = await start()
      await store.append('a', ['0'])
      const heard: Parameters<Watcher['appended']>[0][] = []
      const unwatch = store.watch('a', watcherOf({ appended: (news) => void heard.push(news) }))
      let last = '0'
      await until('the watch to be in place', async () => {
        const precondition = { length: await store.length('a'), last }
        last = 'ping'
        await store.append('a', [last], { precondition })
        return heard.some(({ previous }) => previous !== undefined)
      })
      const expected = { length: await store.length('a'), last: 'ping' }
      const appended = await store.append('a', ['1', '2'], { precondition: expected })
      if (appended.outcome !== 'stored') throw new Error(appended.outcome)
      const { index } = appended
      await until('the news', () => heard.some((news) => news.index === index))
      const told = heard.filter((news) => news.index === index && news.previous !== undefined)
      expect(told).toEqual([{ index, previous: checkOf('ping'), texts: ['1', '2'] }])
      unwatch()
      const { length } = heard
      await store.append('a', ['3'])
      await store.ping()
      expect(heard).toHaveLength(length)
    })

    it('tells watchers that a list was removed', async () => {
      const store = await start()
      let removed = false
      const told = () => {
        removed = true
      }
      store.watch('a', watcherOf({ removed: told }))
      await until('the removal to be told', async () => {
        await store.append('a', ['0'])
        await store.remove('a')
        return removed
      })
      expect(await store.length('a')).toBe(0)
    })

    it('keeps everything over a restart', async () => {
      const store = await start()
      await store.append('a', ['0', '1'], { offset: { name: 'source', from: 0, to: 3 } })
      await store.close()
      opened.splice(0)
      const again = await start()
      expect(await again.read('a', 0, 9)).toEqual(['0', '1'])
      expect(await again.offset('a', 'source')).toBe(3)
    })
  })
}

function watcherOf(parts: Partial<Watcher>): Watcher {
  return {
    position: () => -1,
    appended: () => {},
    changed: () => {},
    removed: () => {},
    lost: () => {},
    found: () => {},
    ...parts,
  }
}
