/** A query that cannot be understood: where, what is wrong, and what to write instead. */
export class QueryError extends Error {
  /** Of the first character that is wrong, from 1, in UTF-16 units as an editor counts. */
  readonly column: number
  /** The column after the last one. */
  readonly end: number
  /** The message without the column. */
  readonly problem: string

  constructor(problem: string, { at, end }: { at: number; end: number }) {
    super(`column ${at + 1}: ${problem}`)
    this.name = 'QueryError'
    this.column = at + 1
    this.end = Math.max(at, end) + 1
    this.problem = problem
  }
}
