import type { LogEntry } from '@launchtail/client/protocol'
import type { LaunchFacts } from '@launchtail/client/query'
import type { SlowEntries } from '../find/slow-entries.js'
import type { Folded } from '../nodes/fold.js'
import type { DescribedNode } from '../nodes/launch-events/launch-reader.js'
import { fingerprintOf } from './fingerprint.js'
import type { EntryRule, Rule } from './rules.js'

/** Matched entries of one launch whose messages differ only in numbers, ids and the like. */
export interface MatchedEntries {
  readonly rule: Rule
  readonly fingerprint: string
  readonly count: number
  readonly first: EntryAt
  readonly last: EntryAt
}

export interface EntryAt {
  readonly entry: LogEntry
  readonly index: number
  /** When its launch began. */
  readonly startedAt: string
}

/** Collects the entries of a node that match a webhook's query, as they are folded. */
export interface EntryMatches {
  entry(entry: LogEntry, index: number, record: Folded): void
  /** Waits for the slow decisions. */
  settled(): Promise<void>
  found(): readonly MatchedEntries[]
}

const NOTHING: EntryMatches = { entry() {}, async settled() {}, found: () => [] }

export function createEntryMatches(
  rules: readonly Rule[],
  node: DescribedNode,
  slowEntries: SlowEntries,
): EntryMatches {
  const asking = rules.filter(({ entries }) => entries !== undefined)
  if (asking.length === 0) return NOTHING
  const byKey = new Map<string, MatchedEntries>()
  const undecided: Promise<void>[] = []
  return {
    entry(entry, index, record) {
      const facts = factsOf(node, record)
      const at = { entry, index, startedAt: record.phases[0]?.started_at ?? entry.timestamp }
      for (const rule of asking) look(rule, rule.entries as EntryRule, at, facts)
    },
    async settled() {
      await Promise.all(undecided)
    },
    found: () => [...byKey.values()],
  }

  function look(rule: Rule, { query, matches }: EntryRule, at: EntryAt, launch: LaunchFacts): void {
    const { entry } = at
    if (!slowEntries.isSlow(query, entry)) {
      if (matches(entry, launch)) add(rule, at)
      return
    }
    const asked = slowEntries.decide({ query: query.given, now: Date.now(), entry, launch })
    // If the thread fails, the entry counts as a match: one message too many is better than one too few.
    undecided.push(asked.catch(() => true).then((found) => (found ? add(rule, at) : undefined)))
  }

  function add(rule: Rule, at: EntryAt): void {
    const fingerprint = fingerprintOf(at.entry.message)
    const key = JSON.stringify([rule.webhookId, at.startedAt, fingerprint])
    const known = byKey.get(key)
    if (known) byKey.set(key, { ...known, count: known.count + 1, last: at })
    else byKey.set(key, { rule, fingerprint, count: 1, first: at, last: at })
  }
}

/** The fields of the launch that a query can use, as of this entry. */
function factsOf({ nodeId, about }: DescribedNode, { status, failure }: Folded): LaunchFacts {
  const { name, provider = '', region = '', gpu = '', model = '', use_spot = false } = about
  const { group, owner, labels } = about
  return {
    node_id: nodeId,
    ...(name !== undefined && { name }),
    cluster_name: about.cluster_name ?? '',
    ...{ provider, region, gpu, model, use_spot, status },
    ...(group !== undefined && { group }),
    ...(owner !== undefined && { owner }),
    ...(labels && { labels }),
    failure: failure && { code: failure.code },
  }
}
