import type { LogEntry } from '@launchtail/client'
import { client } from '../session.js'
import type { Shown } from './live.js'

/** Entries before and after one in its log. */
export interface Context {
  readonly before: readonly LogEntry[]
  readonly after: readonly LogEntry[]
}

const EACH = 5

export async function contextOf(shown: Shown): Promise<Context> {
  const { node_id } = shown
  const cursor = shown.cursor ?? (await cursorOf(shown))
  const ask = client.peek().getNodeLogs
  const [before, after] = await Promise.all([
    ask(node_id, { before: cursor, tail: EACH }),
    ask(node_id, { after: cursor, tail: EACH }),
  ])
  return { before: before.logs, after: after.logs }
}

/** The place in its log of an entry that has come by the stream: a search finds it by its time. */
async function cursorOf({ node_id, timestamp, message, details }: Shown): Promise<string> {
  const before = new Date(Date.parse(timestamp) - 1).toISOString()
  const { logs } = await client
    .peek()
    .searchLogs({ node: node_id, since: before, until: timestamp, limit: 1000 })
  const found = logs.find((hit) => hit.message === message && hit.details === details)
  if (!found) throw new Error('The entry is not there any more.')
  return found.cursor
}
