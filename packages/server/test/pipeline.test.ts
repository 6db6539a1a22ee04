import type { Draft } from '@launchtail/client/protocol'
import { afterEach, expect, test } from 'vitest'
import { StorageFull, StorageUnavailable } from '../src/errors.js'
import { OffsetLost } from '../src/ingest/offsets.js'
import { createPipeline, type PipelineOptions } from '../src/ingest/pipeline.js'
import { type AppendAnswer, createAppender } from '../src/logs/appender.js'
import { readEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import { lineDecoder } from '../src/output/lines.js'
import { createRedactor } from '../src/output/redact/index.js'
import { removeFolder, temporaryFolder, waitFor } from './support/launching.js'
import { fc } from './support/property.js'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

type Answer = AppendAnswer | Error

/** A pipeline into a real list; `faults` come in place of the answers of its first appends. */
async function pipeline(options: Partial<PipelineOptions> & { faults?: Answer[] } = {}) {
  const folder = temporaryFolder()
  const store = await sqliteLogStore({ file: `${folder}/logs.db`, retention: 60_000 })
  cleanups.push(async () => {
    await store.close()
    removeFolder(folder)
  })
  const appender = createAppender({
    store,
    maxEntries: 1000,
    before: async () => undefined,
    redact: (_, text) => text,
    onAppended: () => {},
  })
  const appends: Draft[][] = []
  const faults = options.faults ?? []
  const leave = new AbortController()
  const made = (more: Partial<PipelineOptions> = {}) => {
    const one = createPipeline({
      state: { phase: 'queued', progress: 0 },
      redactor: createRedactor(),
      signal: leave.signal,
      async append(drafts, { of, from, to }) {
        const offset = { name: of, from, to }
        const fault = faults.shift()
        if (fault instanceof LostAnswer) {
          await appender.append('node', drafts, { offset })
          throw new StorageUnavailable('lost')
        }
        if (fault instanceof Error) throw fault
        appends.push([...drafts])
        return fault ?? appender.append('node', drafts, { offset })
      },
      ...options,
      ...more,
    })
    cleanups.push(() => one.cancel())
    return one
  }
  const messages = async () =>
    (await store.read('node', 0, 1000)).map((text) => readEntry(text)?.message)
  return {
    ...made(),
    made,
    messages,
    appends,
    appender,
    leave,
    offset: () => store.offset('node', 'lines'),
  }
}

/** The append took effect, and nobody was told. */
class LostAnswer extends Error {}

/** A state of a progress bar that the next one replaces. */
function bar(text: string) {
  return [{ text, transient: true, end: 0 }]
}

function lines(text: string) {
  const decoder = lineDecoder()
  return [...decoder.push(Buffer.from(text)), ...decoder.end()]
}

test('lines that came in one read are one append', async () => {
  const { take, appends, offset } = await pipeline()
  await take(lines('one\ntwo\n\nthree\n'))
  expect(appends.map((drafts) => drafts.map(({ message }) => message))).toEqual([
    ['one', 'two', 'three'],
  ])
  expect(await offset()).toBe(4)
})

test('secrets and escape sequences do not get through', async () => {
  const redactor = createRedactor({ values: ['correct horse'] })
  const { take, messages } = await pipeline({ redactor })
  await take(lines('\x1b[31mit is correct \x1b[0mhorse\n'))
  expect(await messages()).toEqual(['it is ***'])
})

test('a progress bar becomes its newest state, and that becomes the final line', async () => {
  const { take, messages, offset } = await pipeline()
  await take([...bar('10%'), ...bar('20%')])
  await waitFor(async () => (await messages()).length === 1 || undefined)
  await take(bar('30%'))
  await take(lines('100%\nnext\n'))
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(await messages()).toEqual(['20%', '100%', 'next'])
  expect(await offset()).toBe(2)
})

test('a progress bar makes at most two entries a second', async () => {
  const { take, messages } = await pipeline()
  const until = performance.now() + 1300
  for (let n = 0; performance.now() < until; n += 1) {
    await take(bar(`${n}%`))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect((await messages()).length).toBe(2)
})

test('a spinner’s payload is shown as what it says and counts as a line', async () => {
  const { take, messages, offset, end } = await pipeline()
  const payload = JSON.stringify('<rich_update>Launching on AWS</rich_update>')
  await take(lines(`<sky-payload>${payload}</sky-payload>\n`))
  await waitFor(async () => (await messages()).length === 1 || undefined)
  expect(await messages()).toEqual(['Launching on AWS'])
  expect(await offset()).toBe(0)
  await end()
  expect(await offset()).toBe(1)
})

test('goes on behind the offset, whatever it is given again', async () => {
  const { take, made, messages } = await pipeline()
  await take(lines('one\n5%\rtwo\n'))
  const second = made({ at: { lines: 2, words: 0 } })
  await second.take(lines('one\n5%\rtwo\n'))
  await second.take(lines('three\n'))
  await second.end()
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(await messages()).toEqual(['one', 'two', 'three'])
})

test('counts in bytes where it is told to', async () => {
  const { made, messages, offset } = await pipeline()
  const from = (offset: number) => ({
    from: offset,
    position: ({ end }: { end: number }) => offset + end,
    linesDecide: true,
  })
  const first = made(from(0))
  await first.take(lines('one\ntwo\n\n'))
  await first.end()
  expect(await offset()).toBe(9)
  await made({ ...from(4), at: { lines: 9, words: 0 } }).take(lines('two\n\nthree\n'))
  expect(await messages()).toEqual(['one', 'two', 'three'])
  expect(await offset()).toBe(15)
})

test('waits for the storage, and an answer that was lost doubles nothing', async () => {
  const full = new StorageFull('disk')
  const { take, say, messages } = await pipeline({
    faults: [new StorageUnavailable('away'), full, new LostAnswer(), new StorageUnavailable('x')],
  })
  await take(lines('one\ntwo\n'))
  await take(lines('three\n'))
  await say({ message: 'word', phase: 'health_check', progress: 85 })
  expect(await messages()).toEqual(['one', 'two', 'three', 'word'])
})

test('a launcher’s own line has its own offset, and no secrets', async () => {
  const { take, appends, offset } = await pipeline({
    redactor: createRedactor({ values: ['pa55word-of-mine'] }),
  })
  const word = { message: 'recovering', details: 'reason: pa55word-of-mine' }
  await take([{ text: word.message, transient: false, end: 0, word, position: 1000 }])
  await take([{ text: 'again', transient: false, end: 0, word, position: 1000 }])
  await take([{ text: 'next', transient: false, end: 0, position: 1002 }])
  expect(appends.flat().map(({ message, details }) => [message, details])).toEqual([
    ['recovering', 'reason: ***'],
    ['next', undefined],
  ])
  expect(await offset()).toBe(1002)
})

test('a word whose answer was lost is said once', async () => {
  const { say, messages } = await pipeline({ faults: [new LostAnswer()] })
  await say({ message: 'word' })
  await say({ message: 'next' })
  expect(await messages()).toEqual(['word', 'next'])
})

test('does not wait where it is told not to', async () => {
  const { take } = await pipeline({ retries: false, faults: [new StorageUnavailable('away')] })
  await expect(take(lines('one\n'))).rejects.toThrow('storage unavailable')
})

test('takes nothing more after a fault: later lines would be out of order', async () => {
  const { take, say, messages } = await pipeline({
    retries: false,
    faults: [new StorageUnavailable('away')],
  })
  await expect(take(lines('one\n'))).rejects.toThrow('storage unavailable')
  await expect(take(lines('two\n'))).rejects.toThrow('storage unavailable')
  await expect(say({ message: 'word' })).rejects.toThrow('storage unavailable')
  expect(await messages()).toEqual([])
})

test('stops waiting when the signal aborts', async () => {
  const { take, leave } = await pipeline({ faults: Array(50).fill(new StorageUnavailable('away')) })
  const taken = take(lines('one\n'))
  leave.abort(new Error('closed'))
  await expect(taken).rejects.toThrow('closed')
})

test('stores the rest where another has stored the beginning', async () => {
  const { take, made, messages } = await pipeline()
  await made().take(lines('one\ntwo\n'))
  await take(lines('one\ntwo\nthree\n'))
  expect(await messages()).toEqual(['one', 'two', 'three'])
})

test('tells when the list has lost what was stored', async () => {
  const { made } = await pipeline()
  await expect(
    made({ at: { lines: 1, words: 0 } }).take(lines('one\ntwo\n')),
  ).rejects.toBeInstanceOf(OffsetLost)
})

test('whatever is cut short, and wherever, each line is stored once and in order', async () => {
  const step = fc.record({
    size: fc.integer({ min: 1, max: 40 }),
    fault: fc.constantFrom('', 'lost', 'away'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const faults: Answer[] = []
      const { made, messages, appender, offset } = await pipeline({ faults, retries: false })
      const output = Buffer.from(
        Array.from({ length: 40 }, (_, n) => `line ${n}\n${n % 3 ? '' : `bar\r\n`}`).join(''),
      )
      const plan = [...steps]
      for (let over = false; !over; ) {
        // As a server that starts: from the first byte, with what the store knows.
        const state = await appender.state('node')
        const one = made({ state, at: { lines: await offset(), words: 0 } })
        const decoder = lineDecoder()
        try {
          for (let at = 0; at < output.length; ) {
            const { size, fault } = plan.shift() ?? { size: output.length, fault: '' }
            faults.length = 0
            if (fault === 'lost') faults.push(new LostAnswer())
            if (fault === 'away') faults.push(new StorageUnavailable('away'))
            await one.take(decoder.push(output.subarray(at, at + size)))
            at += size
          }
          await one.take(decoder.end())
          await one.end()
          over = true
        } catch (error) {
          if (!(error instanceof StorageUnavailable)) throw error
        }
        one.cancel()
      }
      const expected = lines(output.toString()).map(({ text }) => text)
      expect(await messages()).toEqual(expected)
    }),
    { numRuns: 30 },
  )
})

test('only a word ends a launch, and nothing after it begins one', async () => {
  const { take, say, appends, state } = await pipeline()
  await say({ message: 'ready', phase: 'active', progress: 100 })
  await take([
    ...lines('Collecting vllm\nUvicorn running on http://0.0.0.0:8000\n'),
    {
      ...(lines('x\n')[0] as ReturnType<typeof lines>[number]),
      word: { message: 'x', phase: 'installing', progress: 60 },
    },
  ])
  expect(appends.flat().map(({ phase, progress }) => [phase, progress])).toEqual([
    ['active', 100],
    ...Array(3).fill([undefined, undefined]),
  ])
  expect(state()).toEqual({ phase: 'active', progress: 100 })
})

test('a word cannot take the launch back', async () => {
  const { take, say, appends } = await pipeline()
  await take(lines('Uvicorn running on http://0.0.0.0:8000\n'))
  await say({ message: 'loading', phase: 'model_loading', progress: 70 })
  expect(appends.flat().map(({ phase }) => phase)).toEqual(['health_check', undefined])
})

test('lines that are held back for one entry are not lost with the process that read them', async () => {
  const lines = [
    'before',
    '📋 Useful Commands',
    'Job ID: 1',
    '├── To cancel:\tsky cancel c',
    'after',
  ]
  for (let cut = 1; cut <= lines.length; cut += 1) {
    const { made, messages, offset } = await pipeline()
    const first = made()
    await first.take(raw(lines.slice(0, cut)))
    await first.renew()
    const stored = (await offset()) ?? 0
    const second = made({ at: { lines: stored, words: 0 } })
    await second.take(raw(lines))
    await second.end()
    expect(await messages()).toEqual(['before', 'after'])
    expect(await offset()).toBe(lines.length)
  }
  const { take, end, messages } = await pipeline()
  await take(raw(lines.slice(0, 4)))
  await end()
  expect(await messages()).toEqual(['before', '📋 Useful Commands'])
})

function raw(lines: readonly string[]) {
  return lines.map((text) => ({ text, end: 0, transient: false }))
}
