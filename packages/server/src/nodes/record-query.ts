import type { Expression, Term } from '@launchtail/client/query'
import { HttpError } from '../errors.js'

/** The fields of entries that no node's record has. */
export const NOT_OF_RECORDS = ['level', 'details', 'rank'] as const

export interface RecordQueryOptions {
  /** What the query is asked of, in the plural. */
  of: string
  /** The fields of entries that these do not have. */
  without: readonly string[]
}

/**
 * A query as it is meant of records. A word without a field may be any part of what a person would look
 * a record up by, as in a search box. Throws 400 for a field that they do not have.
 */
export function forRecords(expression: Expression, options: RecordQueryOptions): Expression {
  switch (expression.kind) {
    case 'all':
      return expression
    case 'not':
      return { kind: 'not', part: forRecords(expression.part, options) }
    case 'and':
    case 'or': {
      const parts = expression.parts.map((part) => forRecords(part, options))
      return { kind: expression.kind, parts }
    }
    default:
      return ofRecord(expression, options)
  }
}

function ofRecord(term: Term, { of, without }: RecordQueryOptions): Term {
  if (term.field !== undefined && without.includes(term.field)) {
    throw new HttpError(400, `'${term.field}' is a field of entries, and ${of} have none`)
  }
  if (term.kind !== 'words' || term.field !== undefined) return term
  const source = term.pieces.map((piece) =>
    typeof piece === 'string' ? piece.replace(SPECIAL, '\\$&') : WILDCARDS[piece.wildcard],
  )
  return { kind: 'pattern', field: 'message', source: source.join(''), flags: 'i' }
}

const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g
const WILDCARDS = { '*': '\\S*', '?': '\\S' } as const
