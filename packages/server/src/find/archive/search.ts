import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  compareInstants,
  formatCursor,
  LEVELS,
  type LogEntry,
  parseInstant,
} from '@launchtail/client/protocol'
import { parseQuery, type Query } from '@launchtail/client/query'
import { checkOf } from '../../logs/check.js'
import { readEntry } from '../../logs/entry-text.js'
import { lastEventOf } from '../../logs/events.js'
import type { ArchiveDb } from './archive-db.js'
import { type CandidatesOptions, candidates } from './candidates.js'
import { readCursor, writeCursor } from './cursor.js'
import { type ArchiveState, stateOf } from './facts.js'
import { narrow } from './narrowed.js'
import { neighboursOf } from './neighbours.js'
import type { Question, SearchAnswer, SearchQuestion } from './question.js'
import { startSearchClock } from './search-clock.js'
import type { StoredRow } from './stored-row.js'
import { createVisibleLists } from './visible-lists.js'

/** The most that one search may take: entries that are looked at, and milliseconds of work. */
export interface Budget {
  readonly entries: number
  readonly time: number
}

const BUDGET: Budget = { entries: 500_000, time: 2000 }

/** Milliseconds of searching after which other work gets its turn. */
const TURN = 10

export interface SearchHow {
  /** The archive as it was when it was asked; by default, as it is now. */
  state?: ArchiveState
  budget?: Budget
  /** In descending order: only entries above this number. */
  above?: number | undefined
}

/** What is written meanwhile does not disturb a search. */
export async function search(
  db: ArchiveDb,
  question: SearchQuestion,
  { state, budget = BUDGET, above }: SearchHow = {},
): Promise<SearchAnswer> {
  const { order, limit, context } = question
  const behind = readCursor(db, question.cursor)
  const { indexed, last: upTo } = state ?? (await stateOf(db))
  const looking = look(db, question, { order, behind, indexed, upTo, above, budget })
  const logs: string[] = []
  for await (const { row, entry, node } of looking.matches()) {
    const neighbours = context > 0 ? await neighboursOf(db, row, context) : undefined
    logs.push(hitText(row, entry, node, neighbours))
    if (logs.length === limit) break
  }
  const { last, scanned, isComplete } = looking.state()
  const isOver = isComplete && logs.length < limit
  return {
    logs,
    isComplete,
    cursor: isOver || !last ? undefined : writeCursor(db, last.id),
    lookedUpTo: last && readEntry(last.body)?.timestamp,
    scanned,
    upTo,
    end: writeCursor(db, upTo),
  }
}

export interface Match {
  readonly row: StoredRow
  readonly entry: LogEntry
  readonly node: string
}

export interface LookOptions extends CandidatesOptions {
  budget?: Budget
  /** True once nobody wants what is found. */
  isLeft?: () => boolean
}

/** Goes through what may match, and gives what does, until its budget is spent. */
export function look(db: ArchiveDb, question: Question, options: LookOptions) {
  const { budget = BUDGET, isLeft = () => false } = options
  let last: StoredRow | undefined
  let scanned = 0
  let isComplete = true
  return { matches, state: () => ({ last, scanned, isComplete }) }

  async function* matches(): AsyncGenerator<Match, void, undefined> {
    const query = question.query === '' ? undefined : parseQuery(question.query)
    const narrowed = await narrow(db, query, question)
    let visible = createVisibleLists(db)
    const matches = matcherOf(query, question)
    const clock = startSearchClock(budget.time)
    let turn = performance.now() + TURN
    for await (const rows of candidates(db, narrowed, options)) {
      if (isLeft()) return
      const lists = new Set(rows.map(({ list }) => list))
      await visible.lookUp(lists)
      for (const row of rows) {
        const now = performance.now()
        if (now >= turn) {
          await nextTurn()
          if (isLeft()) return
          // Meanwhile a node may have been deleted.
          visible = createVisibleLists(db)
          await visible.lookUp(lists)
          turn = performance.now() + TURN
        }
        if (scanned >= budget.entries || clock.isOver(now)) {
          isComplete = false
          return
        }
        last = row
        scanned += 1
        const list = narrowed.lists?.has(row.list) === false ? undefined : visible.get(row.list)
        if (list && row.idx >= list.keptFrom && isIn(question.part, row)) {
          const entry = matches(row, list.node)
          if (entry) yield { row, entry, node: list.node }
        }
      }
    }
  }
}

function isIn(part: Question['part'], { idx }: StoredRow): boolean {
  return !part || (idx >= part.from && idx < part.to)
}

/** Gives the entry of a row if it is found. Reading it costs most, so that comes after the rest. */
function matcherOf(query: Query | undefined, question: Question) {
  const { now, since, until, levels, phase, launches } = question
  const predicate = query?.predicate({ now })
  return (row: StoredRow, node: string): LogEntry | undefined => {
    const level = LEVELS[row.level]
    if (levels && level && !levels.has(level)) return undefined
    const entry = readEntry(row.body) as LogEntry | undefined
    if (!entry || (phase && entry.phase !== phase)) return undefined
    if ((since ?? until) && !isWithin(entry)) return undefined
    return !predicate || predicate(entry, launches?.get(node)) ? entry : undefined
  }

  function isWithin({ timestamp }: LogEntry): boolean {
    const time = parseInstant(timestamp)
    if (!time) return false
    if (since && compareInstants(time, since) <= 0) return false
    return !until || compareInstants(time, until) <= 0
  }
}

/** The JSON of what was found: the entry, and where it is. */
function hitText(
  { idx, checked, body }: StoredRow,
  entry: LogEntry,
  node: string,
  neighbours: string | undefined,
): string {
  const index = idx
  const cursor = formatCursor({ index, check: checked ?? checkOf(body), event: lastEventOf(entry) })
  const place = `"node_id":${JSON.stringify(node)},"cursor":"${cursor}"`
  return `${body.slice(0, -1)},${place}${neighbours === undefined ? '' : `,${neighbours}`}}`
}
