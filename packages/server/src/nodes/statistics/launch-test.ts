import type { LogEntry } from '@launchtail/client/protocol'
import type { Expression, LaunchFacts, Query } from '@launchtail/client/query'
import { forRecords } from '../record-query.js'
import { wordsOf } from '../rows.js'
import type { CountedLaunch, Kind } from './counted-launch.js'

/** Fields that launches of one kind have in common. */
const OF_KIND: ReadonlySet<string | undefined> = new Set([
  ...['provider', 'region', 'gpu', 'model', 'spot', 'owner', 'status', 'cause'],
])

/** Tells which launches a query finds. Throws 400 for a field that no launch has. */
export async function createLaunchTest(
  query: Query,
  now: number,
): Promise<(launch: CountedLaunch) => boolean> {
  const { predicateOf } = await import('@launchtail/client/query')
  const without = ['level', 'phase', 'message', 'details', 'rank', 'progress', 'label', 'group']
  const predicate = predicateOf(forRecords(query.expression, { of: 'launches', without }), { now })
  const test = (launch: CountedLaunch) => predicate(asEntry(launch), factsOf(launch))
  return asksKindAlone(query.expression) ? oncePerKind(test) : test
}

/** A test takes some 5 µs, and many launches are of one kind. */
function oncePerKind(test: (launch: CountedLaunch) => boolean): typeof test {
  const decided = new Map<Kind, boolean>()
  return (launch) => {
    const decision = decided.get(launch.kind) ?? test(launch)
    decided.set(launch.kind, decision)
    return decision
  }
}

function asksKindAlone(expression: Expression): boolean {
  switch (expression.kind) {
    case 'all':
      return true
    case 'not':
      return asksKindAlone(expression.part)
    case 'and':
    case 'or':
      return expression.parts.every(asksKindAlone)
    default:
      return OF_KIND.has(expression.field)
  }
}

/**
 * The time of a launch is that of its end. Words without a field are looked for in the message. Most
 * queries ask for neither, so both are made when they are.
 */
function asEntry(launch: CountedLaunch): LogEntry {
  return {
    level: 'info',
    phase: 'queued',
    get timestamp() {
      return new Date(launch.endedAt).toISOString()
    },
    get message() {
      const { nodeId, clusterName, name, kind } = launch
      const { provider, region, gpu, model } = kind
      const about = Object.entries({ name, provider, region, gpu, model })
      const given = Object.fromEntries(about.filter(([, value]) => value !== undefined))
      return wordsOf(nodeId, clusterName, given)
    },
  }
}

const STATUSES = { succeeded: 'active', failed: 'failed', terminated: 'terminated' } as const

function factsOf({ nodeId, clusterName, name, kind }: CountedLaunch): LaunchFacts {
  const { provider = '', region = '', gpu = '', model = '', spot, owner, outcome, code } = kind
  return {
    node_id: nodeId,
    ...(name !== undefined && { name }),
    cluster_name: clusterName,
    ...{ provider, region, gpu, model },
    use_spot: spot,
    ...(owner !== undefined && { owner }),
    status: STATUSES[outcome],
    failure: code === undefined ? undefined : { code },
  }
}
