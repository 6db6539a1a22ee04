import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Source } from './history-source.js'

/** The entries that were looked at, and the texts of the first and the last where they are known. */
export interface Range<Match> {
  readonly from: number
  readonly to: number
  /** What was found, oldest first, if it is small. */
  readonly kept: Match[] | undefined
  readonly oldest: string | undefined
  readonly newest: string | undefined
}

/** Entries that are looked at before other work gets its turn. */
const PAGE = 500
/** A filter that hides most entries should not cause many small reads. */
const MIN_PAGE = 100
/** Characters of texts that are kept in memory for one answer. More is read a second time. */
const KEPT = 256 * 1024

/** Looks for the last `tail` matches before an index, down to `lowest`. */
export async function lastBefore<Match>(
  { store, nodeId, find }: Source<Match>,
  { to, lowest = 0, tail }: { to: number; lowest?: number; tail: number },
): Promise<Range<Match>> {
  const keeping = keeper<Match>(tail)
  let from = to
  let newest: string | undefined
  let oldest: string | undefined
  while (from > lowest && keeping.missing() > 0) {
    if (keeping.isSettled()) return { from: lowest, to, kept: undefined, oldest: undefined, newest }
    const texts = await store.readBefore(
      nodeId,
      from,
      Math.min(from - lowest, pageFor(keeping.missing())),
    )
    if (texts.length === 0) break
    const start = from - texts.length
    newest ??= texts.at(-1)
    const matches = await find(texts, start)
    const page: Match[] = []
    for (let i = texts.length - 1; i >= 0 && page.length < keeping.missing(); i -= 1) {
      from = start + i
      const match = matches[i]
      if (match !== undefined) page.push(match)
    }
    oldest = texts[from - start]
    keeping.add(page, texts)
    await nextTurn()
  }
  return { from, to, kept: keeping.kept()?.reverse(), oldest, newest }
}

/** Looks for the first `tail` matches from an index on, in a list of this length. */
export async function firstAfter<Match>(
  { store, nodeId, find }: Source<Match>,
  { from, length, tail }: { from: number; length: number; tail: number },
): Promise<Range<Match>> {
  const keeping = keeper<Match>(tail)
  let to = from
  let newest: string | undefined
  let oldest: string | undefined
  while (to < length && keeping.missing() > 0) {
    if (keeping.isSettled()) return { from, to: length, kept: undefined, oldest, newest: undefined }
    const start = to
    const most = Math.min(pageFor(keeping.missing()), length - start)
    const texts = await store.read(nodeId, start, most)
    if (texts.length === 0) break
    oldest ??= texts[0]
    const matches = await find(texts, start)
    const page: Match[] = []
    for (let i = 0; i < texts.length && page.length < keeping.missing(); i += 1) {
      to = start + i + 1
      const match = matches[i]
      if (match !== undefined) page.push(match)
    }
    newest = texts[to - start - 1]
    keeping.add(page, texts)
    await nextTurn()
  }
  return { from, to, kept: keeping.kept(), oldest, newest }
}

function pageFor(missing: number): number {
  return Math.min(PAGE, Math.max(missing, MIN_PAGE))
}

/** Keeps what was found, as long as it is small. */
function keeper<Match>(wanted: number) {
  let found: Match[] | undefined = []
  let count = 0
  let size = 0
  return {
    missing: () => wanted - count,
    kept: () => found,
    /** True if all is wanted, and it is too much to be kept: looking further tells nothing. */
    isSettled: () => wanted === Number.POSITIVE_INFINITY && found === undefined,
    add(page: readonly Match[], texts: readonly string[]): void {
      count += page.length
      if (page.length > 0) for (const { length } of texts) size += length
      if (size > KEPT) found = undefined
      else found?.push(...page)
    },
  }
}
