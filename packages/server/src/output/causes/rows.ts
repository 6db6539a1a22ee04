import type { Phase } from '@launchtail/client/protocol'
import { compile } from '../compile.js'
import { type CauseRow, TOOLS } from '../tools/index.js'
import { maySayWhy } from './worrying.js'

/** How sure a line of a table is. */
export type Surety = 'certain' | 'likely' | 'wrapper'

export interface Known {
  readonly surety: Surety
  readonly row: CauseRow
}

interface Tried extends Known {
  readonly when: RegExp
  /** Where several fit, the first counts. */
  readonly order: number
}

/**
 * What a line says by the tables. One that is `calm` (whose level is none to worry about) is looked at
 * only where a word in it does. A warning is never certain; only a last word ends a launch, and in
 * its details, where output is quoted too, it only tells that something else did.
 */
export function knownIn(
  words: string,
  phase: Phase,
  {
    warning = false,
    calm = false,
    last,
  }: { warning?: boolean; calm?: boolean; last?: 'message' | 'details' } = {},
): Known | undefined {
  if (calm && !maySayWhy(words)) return undefined
  const admits = ({ surety, row }: Tried) =>
    (!warning || surety !== 'certain') &&
    (!row.last || last === 'message' || (last === 'details' && surety === 'wrapper')) &&
    (!row.phases || row.phases.includes(phase))
  const begun = anchored(words, admits)?.rule
  const within = ANY.some((any) => any.test(words))
    ? WITHIN.find((tried) => admits(tried) && tried.when.test(words))
    : undefined
  return begun && (!within || begun.order < within.order) ? begun : within
}

const ROWS: readonly Tried[] = [
  ...rowsOf('certain', ({ when }) => when),
  ...rowsOf('likely', ({ maybe }) => maybe),
  ...rowsOf('wrapper', ({ wraps }) => wraps),
].map((tried, order) => ({ ...tried, order }))

const anchored = compile(ROWS.filter(({ when }) => isAnchored(when)))
const WITHIN = ROWS.filter(({ when }) => !isAnchored(when))

/** Nearly all lines fit no row, which two expressions find out five times sooner than all. */
const ANY = [anyOf(WITHIN, ''), anyOf(WITHIN, 'i')]

function isAnchored({ source, flags }: RegExp): boolean {
  return flags === '' && source.startsWith('^')
}

function anyOf(rows: readonly Tried[], flags: string): RegExp {
  const alike = rows.filter(({ when }) => when.flags === flags)
  return new RegExp(alike.map(({ when }) => `(?:${when.source})`).join('|'), flags)
}

function rowsOf(surety: Surety, of: (row: CauseRow) => readonly RegExp[] | undefined) {
  return TOOLS.flatMap(({ causes }) =>
    causes.flatMap((row) => (of(row) ?? []).map((when) => ({ surety, when, row }))),
  )
}
