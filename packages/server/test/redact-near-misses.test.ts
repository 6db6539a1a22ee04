import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cleanLine } from '../src/output/clean.js'
import { createRedactor } from '../src/output/redact/index.js'
import { NEAR_MISSES } from './support/near-misses.js'
import { transcriptFiles, transcripts } from './support/transcripts.js'

it.each(NEAR_MISSES)('leaves alone: %s', (text) => {
  const { redact, line } = createRedactor()
  expect([redact(text), line(text)]).toEqual([text, text])
})

it('leaves lines alone that follow each other and only sound secret', () => {
  const { line } = createRedactor()
  const lines = [
    ...['secrets:', '  HF_TOKEN: null', 'Enter your password:', 'Success', 'tokens:', '128000'],
    ...['{"token":', '  null}', '<tokens>', 'eight', '"max_tokens":', '8192'],
  ]
  expect(lines.map(line)).toEqual(lines)
})

it.skipIf(!transcripts)('leaves genuine logs alone, as they hold no credential', () => {
  const files = transcriptFiles()
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    const { line } = createRedactor()
    for (const raw of readFileSync(file, 'utf8').split('\n')) {
      const { text } = cleanLine(raw)
      expect(line(text)).toBe(text)
    }
  }
})
