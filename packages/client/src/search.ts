import { call } from './call.js'
import type { Found, SearchOptions } from './options.js'
import type { Connection } from './request.js'

/** Entries of all nodes, with the place at which the stream of many nodes goes on. */
export async function searchLogs(
  connection: Connection,
  { signal, ...query }: SearchOptions = {},
): Promise<Found> {
  const reply = await call(connection, 'searchLogs', { query, signal })
  const lastEventId = reply.header('Log-Cursor')
  return { ...(await reply.json()), ...(lastEventId !== undefined && { lastEventId }) }
}
