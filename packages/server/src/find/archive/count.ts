import { readEntry } from '../../logs/entry-text.js'
import type { ArchiveDb } from './archive-db.js'
import type { ArchiveState } from './facts.js'
import { type Bucket, createHistogram } from './histogram.js'
import type { Question } from './question.js'
import { look } from './search.js'

export interface CountQuestion extends Question {
  /** The length of a bucket in seconds; undefined for one that fits. */
  readonly bucket: number | undefined
}

export interface CountAnswer {
  readonly count: number
  readonly step: number
  readonly buckets: readonly Bucket[]
  /** False where the count has come to the end of its budget: it is of the newest entries alone. */
  readonly isComplete: boolean
  /** The timestamp of the last entry that was looked at. */
  readonly lookedUpTo: string | undefined
}

/** Counts what a search would find, by time and level. */
export async function count(
  db: ArchiveDb,
  question: CountQuestion,
  { indexed }: Pick<ArchiveState, 'indexed'>,
): Promise<CountAnswer> {
  const looking = look(db, question, { order: 'desc', behind: undefined, indexed })
  const histogram = createHistogram(question.bucket)
  let found = 0
  for await (const { row, entry } of looking.matches()) {
    found += 1
    histogram.add(row.ts, entry.level)
  }
  const { last, isComplete } = looking.state()
  const lookedUpTo = last && readEntry(last.body)?.timestamp
  return { count: found, ...histogram.read(), isComplete, lookedUpTo }
}
