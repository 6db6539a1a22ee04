import type { LaunchFacts } from '@launchtail/client/query'
import type { Database } from '../database/open.js'
import { type FoldedCount, readFolded, readLaunchFacts } from './launch-facts.js'
import { createLaunchNumbers, type LaunchNumbers } from './launch-numbers.js'
import { type Launching, readLaunching } from './launching.js'
import { countKinds, type NodeCounts } from './node-counts.js'
import { createNodeLaunches, type NodeLaunches } from './node-launches.js'
import type { PhaseHistory } from './phase-history.js'
import { countNodes, nodeMeantBy, nodesNamed } from './reads.js'

/** What is read of many records, or beside them, as it is stored. */
export interface RecordReads {
  /** The fields of each node's launch that a query can ask for. */
  facts(): Promise<Map<string, LaunchFacts>>
  /** How many entries the records include that have changed since a time, a page at a time. */
  folded(since: string): AsyncIterable<FoldedCount[]>
  /** The number of nodes. */
  count(): Promise<number>
  /** The number of nodes by status, and of those that are launching by phase. */
  counts(): Promise<NodeCounts>
  /** The ids of the nodes with this cluster name that are not terminated. */
  named(clusterName: string): Promise<string[]>
  /** The id of the node that a cluster's name or a node's own stands for, if it is a single one. */
  meantBy(name: string): Promise<string | undefined>
  /** The launches that are under way, ours and those that are sent in. */
  launching(): Promise<Launching[]>
  readonly numbers: LaunchNumbers
  /** The launches of each node. Whoever asks has the node's record read before. */
  readonly launches: NodeLaunches
}

export function createRecordReads(
  database: Database,
  phaseHistory: Pick<PhaseHistory, 'of'>,
  now: () => Date,
): RecordReads {
  return {
    facts: () => readLaunchFacts(database),
    folded: (since) => readFolded(database, since),
    count: () => countNodes(database),
    counts: () => countKinds(database),
    named: (clusterName) => nodesNamed(database, clusterName),
    meantBy: (name) => nodeMeantBy(database, name),
    launching: () => readLaunching(database, phaseHistory),
    numbers: createLaunchNumbers(database),
    launches: createNodeLaunches(database, now),
  }
}
