import type { NodeStatus, Phase } from '@launchtail/client/protocol'

/**
 * The records' tables. Ids and times are TEXT and JSON is text, so that the same statements run on
 * PostgreSQL; times are RFC 3339 in UTC with milliseconds, so they sort as text.
 */
export interface Schema {
  nodes: NodesTable
  phases: PhasesTable
  launches: LaunchesTable
  replies: RepliesTable
}

export interface NodesTable {
  node_id: string
  cluster_name: string | null
  /** What the caller said of the node: JSON of name, provider, region, gpu, model, labels … */
  about: string
  provider: string | null
  status: NodeStatus
  phase: Phase
  progress: number
  message: string
  endpoint: string | null
  /** JSON, or null. */
  failure: string | null
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

/** A launch of ours: what is needed to take it up again after any kind of end. */
export interface LaunchesTable {
  launch_id: string
  node_id: string
  launcher: string
  /** JSON: the request, without its secrets. */
  request: string
  /** The secrets, encrypted; null when the launch is over. */
  secrets: string | null
  /** JSON of what the launcher needs to find what it started; null until it has started it. */
  handle: string | null
  /** The raw lines' mark in the node's log; see LogStore. */
  source: string
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
