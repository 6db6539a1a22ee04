import type { LaunchOutcome, NodeStatus, Phase } from '@launchtail/client/protocol'

/**
 * The records' tables. Ids and times are TEXT and JSON is text, so that the same statements run on
 * PostgreSQL; times are RFC 3339 in UTC with milliseconds, so they sort as text.
 */
export interface Schema {
  nodes: NodesTable
  phases: PhasesTable
  phase_history: PhaseHistoryTable
  launch_history: LaunchHistoryTable
  launches: LaunchesTable
  replies: RepliesTable
}

export interface NodesTable {
  node_id: string
  cluster_name: string | null
  /** What the caller said of the node: JSON of name, provider, region, gpu, model, labels … */
  about: string
  provider: string | null
  /** What the node is looked for by, in lower case: its id, names, model, GPU, region, provider. */
  words: string
  status: NodeStatus
  phase: Phase
  progress: number
  message: string
  endpoint: string | null
  /** JSON, or null. */
  failure: string | null
  /** JSON of what the list has told of why the launch may fail; null for nothing. */
  clues: string | null
  /** 1 while the newest entry says that nothing has come for too long. */
  stalled: number
  created_at: string
  updated_at: string
  ended_at: string | null
  /** How many entries of the node's list this record has taken in. */
  folded: number
}

/** When each phase of a node's newest launch began and ended. */
export interface PhasesTable {
  node_id: string
  phase: Phase
  /** The phase's place among those of its launch, from 0. */
  position: number
  started_at: string
  ended_at: string | null
}

/** How long a phase took in a launch that went on from it, kept when the node is gone. */
export interface PhaseHistoryTable {
  node_id: string
  phase: Phase
  ended_at: string
  duration_ms: number
  provider: string
  gpu: string | null
  model: string | null
}

/** A launch that is over, of ours or sent in, kept when the node is gone. */
export interface LaunchHistoryTable {
  node_id: string
  started_at: string
  /** When it became active, failed or was terminated. */
  ended_at: string
  outcome: LaunchOutcome
  /** The cause of a failure. */
  code: string | null
  name: string | null
  provider: string | null
  region: string | null
  gpu: string | null
  model: string | null
  /** JSON: the phases it was in and how long each took, in milliseconds. */
  phases: string
}

/** A launch of ours: what is needed to take it up again after any kind of end. */
export interface LaunchesTable {
  launch_id: string
  node_id: string
  launcher: string
  /** JSON: the cluster's name, and what was asked for, less its secrets. */
  request: string
  /** The request whole, encrypted; null when the launch is over. */
  secrets: string | null
  /** JSON of what the launcher needs to find what it started; null until it has started it. */
  handle: string | null
  /** The raw lines' offset in the node's log; see LogStore. */
  source: string
  /** Who runs it, or did last. */
  owner: string | null
  /** Grows with each owner: what one with a lower number does is refused. */
  owner_number: number
  /** Until when it is the owner's, in milliseconds since 1970 by the database's clock. */
  leased_until: number
  /** No node has two that are not `ended`. */
  state: 'starting' | 'running' | 'cancelling' | 'ended'
  created_at: string
  ended_at: string | null
}

/** Answers kept for their `Idempotency-Key`. */
export interface RepliesTable {
  key: string
  digest: string
  /** JSON of the answer; null while the request is at work. */
  answer: string | null
  expires_at: string
}
