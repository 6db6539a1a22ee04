import type { Query } from '@launchtail/client/query'
import {
  type Demand,
  demandOf,
  mayMatchLaunch,
  timeRangeOf,
} from '@launchtail/client/query/indexing'
import { affordable } from './affordable.js'
import type { ArchiveDb } from './archive-db.js'
import { stretchesIn } from './blocks.js'
import { isPossible } from './print-demand.js'
import type { Question } from './question.js'
import type { Stretch } from './stretch.js'

/** The entries that a search has to look at: at least all that it finds. */
export interface Narrowed {
  /** The entries by number, in order. */
  readonly stretches: readonly Stretch[]
  /** Those in the index that match this; undefined for all. */
  readonly match: string | undefined
  /** Those of these lists; undefined for all. */
  readonly lists: ReadonlySet<number> | undefined
  /** The only list, where nothing else is demanded: its entries are read as they stand there. */
  readonly list: number | undefined
}

/** More lists than this are not asked of the index: each costs a look-up. */
const MOST_LISTS = 200

const NOTHING: Narrowed = { stretches: [], match: undefined, lists: undefined, list: undefined }

export async function narrow(
  db: ArchiveDb,
  query: Query | undefined,
  question: Question,
): Promise<Narrowed> {
  const lists = await listsOf(db, query, question)
  if (lists?.size === 0) return NOTHING
  const wanted = demandIn(query, question)
  const demand = wanted && affordable(wanted)
  if (demand && !isPossible(demand)) return NOTHING
  const stretches = await stretchesIn(db, timeIn(query, question))
  const [only] = lists?.size === 1 ? lists : []
  if (only !== undefined && db.index.matchOf(demand, undefined) === undefined) {
    return { stretches, match: undefined, lists, list: only }
  }
  const asked = lists && lists.size <= MOST_LISTS ? [...lists] : undefined
  return { stretches, match: db.index.matchOf(demand, asked), lists, list: undefined }
}

function demandIn(query: Query | undefined, { levels, phase }: Question): Demand | undefined {
  const demands = [
    query && demandOf(query.expression).demand,
    levels && { kind: 'any' as const, of: [...levels].map((level) => ofValue('level', level)) },
    phase && ofValue('phase', phase),
  ].filter((demand) => demand !== undefined)
  return demands.length > 1 ? { kind: 'all', of: demands } : demands[0]
}

function ofValue(field: 'level' | 'phase', value: string): Demand {
  return { kind: 'value', field, value }
}

function timeIn(query: Query | undefined, { now, since, until }: Question) {
  const { from, to } = query
    ? timeRangeOf(query.expression, now)
    : { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
  return {
    from: since ? Math.max(from, since.seconds * 1000 + Math.floor(since.nanos / 1e6)) : from,
    to: until ? Math.min(to, until.seconds * 1000 + Math.floor(until.nanos / 1e6)) : to,
  }
}

/** The lists of the nodes that are asked for, by name or by the fields of their launches. */
async function listsOf(
  db: ArchiveDb,
  query: Query | undefined,
  { now, nodes, launches, part }: Question,
): Promise<ReadonlySet<number> | undefined> {
  if (!nodes && !launches) return undefined
  const mayMatch = query && launches ? mayMatchLaunch(query.expression, now) : () => true
  const rows = await db.all<{ id: number; node: string }>(
    'select id, node from {lists} where removed = 0',
  )
  const lists = rows.filter(
    ({ node }) => (!nodes || nodes.has(node)) && mayMatch(launches?.get(node)),
  )
  if (part)
    return new Set(
      lists
        .map(({ id }) => id)
        .sort(newestFirst)
        .slice(part.back, part.back + 1),
    )
  return lists.length === rows.length ? undefined : new Set(lists.map(({ id }) => id))
}

function newestFirst(a: number, b: number): number {
  return b - a
}
