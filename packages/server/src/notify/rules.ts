import type { LogEntry, NodeRecord, WebhookEvent } from '@launchtail/client/protocol'
import type { LaunchFacts, Query } from '@launchtail/client/query'
import { readQuery } from '../find/read-query.js'
import { createRecordTest } from '../nodes/record-test.js'

/** What an enabled webhook wants to be sent. */
export interface Rule {
  readonly webhookId: string
  /** Milliseconds. */
  readonly cooldown: number
  readonly group: Group
  wants(event: WebhookEvent): boolean
  /** True if it wants messages about this launch. */
  takes(record: NodeRecord): boolean
  /** Undefined if it wants no entries. */
  readonly entries: EntryRule | undefined
}

/** How launches that fail with the same cause share messages. In milliseconds. */
export interface Group {
  /** How long a first failure waits for others while more launches are running. */
  readonly wait: number
  /** How long after a message the next one about the same cause may follow at the earliest. */
  readonly interval: number
}

export interface EntryRule {
  readonly query: Query
  matches(entry: LogEntry, launch: LaunchFacts): boolean
}

export interface RuleSource {
  readonly webhookId: string
  readonly events: readonly WebhookEvent[]
  readonly q: string | undefined
  readonly cooldown: number
  readonly group: Group
}

/** Creates a rule. Throws 400 if the query is invalid. */
export async function createRule({
  webhookId,
  events,
  q = '',
  cooldown,
  group,
}: RuleSource): Promise<Rule> {
  const wanted = new Set(events)
  const query = await readQuery(q)
  const isOfEntries = wanted.has('entry.matched')
  const takes = query && !isOfEntries ? await createRecordTest(query) : () => true
  return {
    webhookId,
    cooldown,
    group,
    wants: (event) => wanted.has(event),
    takes,
    entries: query && isOfEntries ? { query, matches: entryTest(query) } : undefined,
  }
}

/** Times such as `-2h` are relative to when the entry arrives. */
function entryTest(query: Query): EntryRule['matches'] {
  if (query.isRelative) {
    return (entry, launch) => query.predicate({ now: Date.now() })(entry, launch)
  }
  return query.predicate({ now: 0 })
}
