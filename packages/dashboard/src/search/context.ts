import type { Hit, LogEntry } from '@launchtail/client'
import { client } from '../session.js'

/** Entries before and after one in its log. */
export interface Context {
  readonly before: readonly LogEntry[]
  readonly after: readonly LogEntry[]
}

const EACH = 5

export async function contextOf({ node_id, cursor }: Hit): Promise<Context> {
  const ask = client.peek().getNodeLogs
  const [before, after] = await Promise.all([
    ask(node_id, { before: cursor, tail: EACH }),
    ask(node_id, { after: cursor, tail: EACH }),
  ])
  return { before: before.logs, after: after.logs }
}
