import { parseQuery, type Query, QueryError } from '@launchtail/client/query'

/** Undefined for what is no query. */
export function queryOf(text: string): Query | undefined {
  try {
    return parseQuery(text)
  } catch (error) {
    if (error instanceof QueryError) return undefined
    throw error
  }
}
