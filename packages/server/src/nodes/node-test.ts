import type { LogEntry } from '@launchtail/client/protocol'
import type { Expression, Query, Term } from '@launchtail/client/query'
import { HttpError } from '../errors.js'
import { factsOf, type Row } from './rows.js'

/**
 * Tells which records a query finds. A word without a field may be any part of what a person would look
 * a node up by, as in a search box. Throws 400 for a field that no record has.
 */
export async function createNodeTest(query: Query, now: number): Promise<(row: Row) => boolean> {
  const { predicateOf } = await import('@launchtail/client/query')
  const predicate = predicateOf(ofRecords(query.expression), { now })
  return (row) => predicate(asEntry(row), factsOf(row))
}

/** A record as an entry: it has the phase, the progress and the message of its newest one. */
function asEntry({ updated_at, phase, progress, words, message }: Row): LogEntry {
  return { timestamp: updated_at, level: 'info', message: `${words}\n${message}`, phase, progress }
}

function ofRecords(expression: Expression): Expression {
  switch (expression.kind) {
    case 'all':
      return expression
    case 'not':
      return { kind: 'not', part: ofRecords(expression.part) }
    case 'and':
    case 'or':
      return { kind: expression.kind, parts: expression.parts.map(ofRecords) }
    default:
      return ofRecord(expression)
  }
}

function ofRecord(term: Term): Term {
  if (term.field === 'level' || term.field === 'details') {
    throw new HttpError(400, `'${term.field}' is a field of entries, and nodes have none`)
  }
  if (term.kind !== 'words' || term.field !== undefined) return term
  const source = term.pieces.map((piece) =>
    typeof piece === 'string' ? piece.replace(SPECIAL, '\\$&') : WILDCARDS[piece.wildcard],
  )
  return { kind: 'pattern', field: 'message', source: source.join(''), flags: 'i' }
}

const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g
const WILDCARDS = { '*': '\\S*', '?': '\\S' } as const
