import type { ExportFormat as FormatName } from '@launchtail/client/protocol'
import type { Piece } from '../export/export-bytes.js'
import { EXPORTS, type Layout } from '../export/formats.js'
import type { ArchiveDb } from './archive-db.js'
import { readCursor, writeCursor } from './cursor.js'
import { type ArchiveState, stateOf } from './facts.js'
import type { Question, SearchQuestion } from './question.js'
import { look, type Match } from './search.js'

/** An export, as it is sent to the archive's thread. */
export interface ExportQuestion extends Question, Pick<SearchQuestion, 'order' | 'cursor'> {
  readonly format: FormatName
  readonly layout: Layout
}

/** Characters after which a piece is sent: with few in one, each costs more. */
const PIECE = 64 * 1024
/** An export is never cut short: it takes only what its reader takes. */
const BUDGET = { entries: Number.POSITIVE_INFINITY, time: Number.POSITIVE_INFINITY }

/** Milliseconds within which a fast reader asks for its next piece. */
const BUSY = 20

/** What is known of an export before its first entry. */
export interface ExportBegin {
  /** The last entry there is: what comes later is not in the export. */
  readonly cursor: string
  /** The number of entries; undefined where each has to be looked at. */
  readonly count: number | undefined
}

interface Opened {
  isLeft: boolean
  read(): Promise<Piece | undefined>
}

/** The exports that are under way in the archive's thread. Nothing is read before it is asked for. */
export function createExports(db: ArchiveDb) {
  const all = new Map<number, Opened>()
  let reading = 0
  let readAt = Number.NEGATIVE_INFINITY
  return {
    /** True while a reader takes one piece after the other. */
    isBusy: () => reading > 0 || performance.now() - readAt < BUSY,
    async open(id: number, question: ExportQuestion, state?: ArchiveState): Promise<ExportBegin> {
      const known = state ?? (await stateOf(db))
      const count = await countOf(db, question)
      all.set(id, createOpened(db, question, known))
      return { cursor: writeCursor(db, known.last), count }
    },
    async read(id: number): Promise<Piece | undefined> {
      const opened = all.get(id)
      // The thread that had it has ended.
      if (!opened) throw new Error('the export was given up')
      reading += 1
      try {
        return await opened.read()
      } finally {
        reading -= 1
        readAt = performance.now()
      }
    },
    close(id: number): void {
      const opened = all.get(id)
      if (opened) opened.isLeft = true
      all.delete(id)
    },
  }
}

async function countOf(db: ArchiveDb, question: ExportQuestion): Promise<number | undefined> {
  const { query, since, until, levels, phase, nodes, part, cursor } = question
  if (query || since || until || levels || phase || part || cursor) return undefined
  const lists = await db.all<{ node: string; count: number }>(
    'select node, length - kept_from as count from {lists} where removed = 0',
  )
  return lists
    .filter(({ node }) => nodes?.has(node) ?? true)
    .reduce((sum, { count }) => sum + count, 0)
}

function createOpened(
  db: ArchiveDb,
  question: ExportQuestion,
  { indexed, last: upTo }: ArchiveState,
): Opened {
  const { order, layout } = question
  const behind = readCursor(db, question.cursor)
  const isLeft = () => opened.isLeft
  const looking = look(db, question, { order, behind, indexed, upTo, budget: BUDGET, isLeft })
  const matches = looking.matches()
  const { entry: write } = EXPORTS[question.format]
  let isFirst = true
  const opened: Opened = { isLeft: false, read }
  return opened

  async function read(): Promise<Piece | undefined> {
    let text = ''
    let count = 0
    while (text.length < PIECE) {
      const match = await matches.next()
      if (match.done) break
      text += written(match.value)
      count += 1
    }
    return count === 0 ? undefined : { bytes: new TextEncoder().encode(text), count }
  }

  function written({ entry, node: nodeId }: Match): string {
    const text = write(entry, { nodeId, isOnly: false, first: isFirst, raw: layout.raw })
    isFirst = false
    return text
  }
}
