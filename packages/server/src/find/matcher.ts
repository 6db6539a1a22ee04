import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { Registry } from '../nodes/registry.js'
import type { SlowEntries } from './slow-entries.js'

/** Tells which entries of one node's log a query finds. */
export interface Matcher {
  /** The decision, or a promise of it where it would take too long here. */
  matches(entry: LogEntry): boolean | Promise<boolean>
  /** Ends what keeps the launch's fields up to date. */
  close(): void
}

export interface MatcherOptions {
  registry: Pick<Registry, 'find' | 'get' | 'watch'>
  slowEntries: SlowEntries
  nodeId: string
  /** Milliseconds since 1970; `-2h` and `today` are counted from here. */
  now: number
  /** Keeps up with changes of the launch until it is closed. Default: the record as it is now. */
  follow?: boolean
}

/** The record is read only where the query asks for it: it costs more than the log. */
export async function createMatcher(query: Query, options: MatcherOptions): Promise<Matcher> {
  const { registry, slowEntries, nodeId, now, follow = false } = options
  const predicate = query.predicate({ now })
  let launch: NodeRecord | undefined
  const close = query.asksLaunch && follow ? registry.watch(changed) : () => {}
  if (query.asksLaunch) launch = await registry.find(nodeId)
  return { matches, close }

  function matches(entry: LogEntry): boolean | Promise<boolean> {
    return slowEntries.isSlow(query, entry)
      ? slowEntries.decide({ query: query.given, now, entry, launch })
      : predicate(entry, launch)
  }

  function changed(id: string): void {
    if (id !== nodeId) return
    registry.get(nodeId).then(
      (record) => {
        launch = record
      },
      // The next change tries again; until then the launch is as it was.
      () => {},
    )
  }
}
