import type { LogEntry } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { forRecords, NOT_OF_RECORDS } from './record-query.js'
import { factsOf, type Row } from './rows.js'

/** Tells which records a query finds. Throws 400 for a field that no record has. */
export async function createNodeTest(query: Query, now: number): Promise<(row: Row) => boolean> {
  const { predicateOf } = await import('@launchtail/client/query')
  const expression = forRecords(query.expression, { of: 'nodes', without: NOT_OF_RECORDS })
  const predicate = predicateOf(expression, { now })
  return (row) => predicate(asEntry(row), factsOf(row))
}

/** A record as an entry: it has the phase, the progress and the message of its newest one. */
function asEntry({ updated_at, phase, progress, words, message }: Row): LogEntry {
  return { timestamp: updated_at, level: 'info', message: `${words}\n${message}`, phase, progress }
}
