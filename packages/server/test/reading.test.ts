import { beforeAll, describe, expect, it } from 'vitest'
import { readCorpus } from '../../../scripts/reading/corpus.js'
import { below, readFloor } from '../../../scripts/reading/floor.js'
import { judgeCorpus, type Result } from '../../../scripts/reading/judge-corpus.js'
import { transcripts } from './support/transcripts.js'

const corpus = transcripts ? await readCorpus(transcripts) : []
const labelled = corpus.filter(({ label }) => label).length

/** The committed figures are those of the whole corpus. */
const WHOLE = 77

describe.skipIf(labelled < WHOLE)('reading the labelled logs', () => {
  let result: Result
  beforeAll(async () => {
    result = await judgeCorpus(corpus)
  }, 120_000)

  it('is as good as the committed figures, by tool and in every variant', () => {
    expect(below(result, readFloor())).toEqual([])
  })

  it('ends no launch by a line', () => {
    for (const { name, all } of result.variants) expect([name, all.premature]).toEqual([name, 0])
  })

  it('loses no line', () => {
    expect(result.variants[0]?.all.lost).toBe(0)
  })

  it('does not depend on how the bytes are cut into chunks', () => {
    expect(result.unlike).toEqual([])
  })
})
