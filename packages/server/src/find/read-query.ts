import type { Query } from '@launchtail/client/query'
import { HttpError } from '../errors.js'

/**
 * Reads a query; undefined where it is blank. Throws 400 with the column of what is wrong. The
 * language is loaded with the first query: most servers are never asked one.
 */
export async function readQuery(text: string): Promise<Query | undefined> {
  if (text.trim() === '') return undefined
  const { parseQuery, QueryError } = await import('@launchtail/client/query')
  try {
    return parseQuery(text)
  } catch (error) {
    if (error instanceof QueryError) throw new HttpError(400, error.message)
    throw error
  }
}
