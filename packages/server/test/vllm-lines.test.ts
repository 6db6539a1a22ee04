import { readFileSync } from 'node:fs'
import type { Failure, LogEntry } from '@launchtail/client/protocol'
import { expect, test } from 'vitest'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { cleanLine } from '../src/output/clean.js'
import { createReader } from '../src/output/interpret/index.js'
import { lineDecoder } from '../src/output/lines.js'

/** The entries of what vLLM 0.32 for CPUs printed, as it was printed. */
function entriesOf(name: string): LogEntry[] {
  const file = new URL(`./fixtures/vllm-0.32-cpu/${name}.log`, import.meta.url)
  const decoder = lineDecoder()
  const reader = createReader()
  let state: Parameters<typeof reader.read>[0] = { phase: 'installing', progress: 62 }
  return [...decoder.push(readFileSync(file)), ...decoder.end()].flatMap(({ text }) => {
    const read = reader.read(state, cleanLine(text))
    if (!read) return []
    state = read.state
    return [{ timestamp: '2026-01-02T03:04:05.000Z', ...read.draft } as LogEntry]
  })
}

test.each([
  ['bad-flag', 'bad_flag', /unrecognized arguments: --max-modellen 512/],
  ['too-long', 'context_too_long', /max_model_len \(8192\) is greater than the derived/],
  ['cut-weights', 'model_files', /SafetensorError: Error while deserializing header: incomplete/],
  ['indivisible', 'bad_setting', /must be divisible by tensor parallel size/],
  ['unknown-architecture', 'unsupported_architecture', /NobodyWroteThisForCausalLM/],
])('the cause of %s is %s', (name, code, message) => {
  const entries = entriesOf(name)
  const [first] = entries
  const last = { ...first, message: 'exit code 1', phase: 'failed' } as LogEntry
  const { failure } = [...entries, last].reduce(fold, UNFOLDED)
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) } satisfies {
    [key in keyof Failure]?: unknown
  })
})

test('a server that comes up loads its model, and is then ready to be asked', () => {
  const entries = entriesOf('serves')
  const steps = entries.flatMap(({ phase, progress }) =>
    progress === undefined ? [] : `${phase} ${progress}`,
  )
  expect([...new Set(steps)]).toEqual([
    ...[70, 70.5, 71, 72, 79, 79.5, 82, 85].map((progress) => `model_loading ${progress}`),
    ...[85, 86, 87, 88, 90].map((progress) => `health_check ${progress}`),
  ])
  const cache = entries.find(({ message }) => message.startsWith('CPU KV cache size'))
  expect(cache?.progress).toBe(82)
  expect(entries.filter(({ level }) => level === 'error')).toEqual([])
})
