import type {
  DeliveryState,
  GroupRole,
  LaunchOutcome,
  NodeStatus,
  Phase,
  WebhookFormat,
} from '@launchtail/client/protocol'
import type { Generated } from 'kysely'

/**
 * The records' tables. Ids and times are TEXT and JSON is text, so that the same statements run on
 * PostgreSQL; times are RFC 3339 in UTC with milliseconds, so they sort as text.
 */
export interface Schema {
  agreed: AgreedTable
  audit: AuditTable
  deliveries: DeliveriesTable
  duties: DutiesTable
  groups: GroupsTable
  group_members: GroupMembersTable
  nodes: NodesTable
  phases: PhasesTable
  phase_history: PhaseHistoryTable
  launch_history: LaunchHistoryTable
  launches: LaunchesTable
  launch_numbers: LaunchNumbersTable
  instances: InstancesTable
  left_clusters: LeftClustersTable
  replies: RepliesTable
  sent_in: SentInTable
  told_events: ToldEventsTable
  webhook_windows: WebhookWindowsTable
  webhooks: WebhooksTable
  stream_tickets: StreamTicketsTable
  tokens: TokensTable
  positions: PositionsTable
}

export interface NodesTable {
  node_id: string
  cluster_name: string | null
  /** The caller's name for it. */
  name: Generated<string | null>
  /** JSON of the caller's description: name, provider, region, gpu, model, labels … */
  about: string
  provider: string | null
  /** The text that is searched, in lower case: id, names, model, GPU, region, provider. */
  words: string
  status: NodeStatus
  phase: Phase
  progress: number
  message: string
  endpoint: string | null
  /** 1 if this server reaches the endpoint, 0 if it does not; null where nothing says so. */
  reachable: number | null
  /** JSON of whether an active node's server answers, or null where nothing has changed that. */
  health: string | null
  /** JSON of what the smoke test found, or null. */
  smoke: string | null
  /** JSON of the last day whose budget was exceeded while it was there, or null. */
  over_budget: string | null
  /** JSON, or null. */
  failure: string | null
  /** JSON of the launch's attempts where there are several, or null. */
  attempts: string | null
  /** JSON of the line that a person named as the cause of that failure, or null. */
  correction: string | null
  /** JSON of the evidence so far for why the launch may fail; null if there is none. */
  clues: string | null
  /** 1 while the newest entry says that the launch stalls. */
  stalled: number
  /** When that entry was written. */
  stalled_at: string | null
  created_at: string
  updated_at: string
  ended_at: string | null
  /** The launch whose cluster is kept although it has failed, and until when; null if none is. */
  kept_launch: Generated<string | null>
  kept_until: Generated<string | null>
  /** When somebody opened it last, to within an hour. */
  looked_at: Generated<string | null>
  /** The newest launch of ours. */
  own_launch: Generated<string | null>
  /** How many entries of the node's list this record includes. */
  folded: number
  /** The number of messages about the node so far. */
  told: Generated<number>
}

/** When each phase of a node's newest launch began and ended. */
export interface PhasesTable {
  node_id: string
  phase: Phase
  /** The position of the phase in its launch, from 0. */
  position: number
  started_at: string
  ended_at: string | null
}

/** How long a phase took in a launch that completed it. Kept when the node is gone. */
export interface PhaseHistoryTable {
  node_id: string
  phase: Phase
  ended_at: string
  duration_ms: number
  provider: string
  gpu: string | null
  model: string | null
}

/** A launch that is over, ours or sent in. Kept when the node is gone. */
export interface LaunchHistoryTable {
  node_id: string
  started_at: string
  /** When it became active, failed or was terminated. */
  ended_at: string
  outcome: LaunchOutcome
  /** The cause of a failure. */
  code: string | null
  name: string | null
  cluster_name: string | null
  provider: string | null
  region: string | null
  gpu: string | null
  model: string | null
  /** 1 for a spot instance. */
  spot: number | null
  owner: string | null
  /** When the spot instance was lost, if that was after the launch became active. */
  lost_at: string | null
  /** JSON of the phases it went through and how long each took, in milliseconds. */
  phases: string
  /** The id of a launch of ours. */
  launch_id: string | null
  /** The number of the row's latest change. All changes are counted as they are made. */
  change: number
}

/** A launch of ours, with everything that is needed to take it up again after a crash. */
export interface LaunchesTable {
  launch_id: string
  node_id: string
  launcher: string
  /** JSON of the cluster's name and of the request without its secrets. */
  request: string
  /** The whole request, encrypted; null when the launch is over. */
  secrets: string | null
  /** JSON of the launcher's handle; null until the launch is started. */
  handle: string | null
  /** JSON of the attempt that is under way, if it is not the first; see `launch/attempts`. */
  attempt: string | null
  /** JSON of since when its node serves nobody, where that is looked at; see `launch/limits/idle`. */
  idle: string | null
  /** JSON of its limits, in milliseconds and US dollars; see `launch/limits`. Null if it has none. */
  limits: string | null
  /** The name of the raw lines' offset in the node's log; see LogStore. */
  source: string
  /** The id of the process that runs it, or ran it last. */
  owner: string | null
  /** The fencing token. It grows with each owner, and an owner with a lower one is refused. */
  owner_number: number
  /** When the lease ends, in milliseconds since 1970 by the database's clock. */
  leased_until: number
  /** No node has two launches that are not `ended`. */
  state: 'starting' | 'running' | 'cancelling' | 'ended'
  created_at: string
  ended_at: string | null
}

/** Nodes that were launched by one request, and the replacement of them that is under way. */
export interface GroupsTable {
  group_id: string
  replicas: number
  /** `ending`: all of its nodes are being terminated. */
  state: 'running' | 'ending' | 'ended'
  /** 1 while something is to be done about it: see `launch/groups/monitor`. */
  busy: number
  /** 1, and one more with each update. */
  generation: number
  /** The number of the next node. */
  next_number: number
  /** JSON of its newest update, or null; see `nodes/groups/group.ts`. */
  rollout: string | null
  /** The request of an update that is under way, or of the service, encrypted. */
  rollout_request: string | null
  /** JSON of the service of SkyServe whose replicas its nodes are, or null; see `nodes/groups/service.ts`. */
  service: string | null
  /** Grows with each change: who has read another one changes nothing. */
  version: number
  created_at: string
  ended_at: string | null
}

export interface GroupMembersTable {
  group_id: string
  node_id: string
  number: number
  generation: number
  role: GroupRole
  /** The node whose place it takes. */
  replaces: string | null
}

/** The launches of all nodes, counted as they begin. */
export interface LaunchNumbersTable {
  number: Generated<number>
  node_id: string
  /** 1 if the node was deleted since. */
  deleted: number
  /** The place in the node's list of the launch's first entry; null for launches of early versions. */
  first_index: number | null
  /** As in `launch_history`. Null until the launch has ended. */
  started_at: string | null
}

/** The machines of one attempt of a launch, and their price. Kept when the node is gone. */
export interface InstancesTable {
  launch_id: string
  /** The number of the attempt. */
  number: number
  node_id: string
  launcher: string
  cluster_name: string
  created_at: string
  /** US dollars for an hour of all machines; null where no price is known. */
  price: number | null
  /** When they came up. */
  up_at: string | null
  /** When they were gone. */
  down_at: string | null
  /** What they had cost at that time, by SkyPilot's cost report. */
  reported: number | null
  reported_at: string | null
  /** The number of the row's latest change. All changes are counted as they are made. */
  change: number
}

/** A cluster that may have outlived its launch. It is taken down in the background. */
export interface LeftClustersTable {
  launch_id: string
  node_id: string
  launcher: string
  cluster_name: string
  /** When its launch ended, in milliseconds since 1970 by the database's clock. */
  since: number
  /** 1 while it is kept on purpose: `since` and `next_at` are when that ends. */
  kept: Generated<number>
  /** How many attempts to take it down have begun. */
  attempts: number
  /** When the next attempt is due, by the same clock. During an attempt: when that is given up. */
  next_at: number
  /** The id of the process that made the latest attempt. */
  owner: string | null
}

/** Answers that are kept under their `Idempotency-Key`. */
export interface RepliesTable {
  key: string
  digest: string
  /** JSON of the answer; null while the request is in progress. */
  answer: string | null
  expires_at: string
}

/** How a launch that another program makes may end without that program saying so. */
export interface SentInTable {
  node_id: string
  /** Milliseconds of silence after which a launch of the node is lost. */
  lost_after: number | null
  /** The same, as the newest beat has it, for the launch that is under way. */
  beat_lost_after: number | null
  /** For how long nothing has been sent, in milliseconds, while the server was there to hear it. */
  silence: number
  /** Asked until it answers 2xx. */
  ready_url: string | null
  /** Grows with each sign of life that a server has had beside the node's log. */
  signs: Generated<number>
}

/** Where messages about launches are sent. */
export interface WebhooksTable {
  webhook_id: string
  /** JSON of the address and the secrets, encrypted. */
  sealed: string
  /** The address with its secrets masked. */
  url: string
  /** JSON of the names of events. */
  events: string
  q: string | null
  format: WebhookFormat
  /** Milliseconds. */
  cooldown: number
  /** How long a failure waits for others with the same cause, and the pause after their message. */
  group_wait: number
  group_interval: number
  enabled: number
  /** The reason if the server switched it off. */
  disabled_reason: string | null
  /** The first failed attempt since the last delivery, in milliseconds since 1970. */
  failing_since: number | null
  created_at: string
}

/** A message to one webhook: first the outbox, then the record of what became of it. */
export interface DeliveriesTable {
  /** The id that the receiver sees, the same for all attempts. */
  delivery_id: string
  webhook_id: string
  type: string
  /** The node and the start of the launch that it is about. */
  node_id: string | null
  started_at: string | null
  /** Grows with each message about the node. */
  seq: number | null
  /** JSON of the message. */
  message: string
  /** 1 once log lines have been added to it. */
  prepared: number
  /** The cause of failures that can still be merged into it; null once it is being sent. */
  gathers: string | null
  state: DeliveryState
  /** The number of attempts that have begun. */
  attempts: number
  /** When the next attempt is due, in milliseconds since 1970. */
  next_at: number
  /** When the lease of the current attempt expires. */
  leased_until: number
  /** The id of the process that makes the attempt. */
  owner: string | null
  created_at: number
  /** When it was delivered or declared dead. */
  ended_at: number | null
  /** JSON of the latest attempts. */
  log: string
  /** The beginning of the latest answer. */
  answer: string | null
}

/** A period during which similar entries are only counted, or failures with the same cause are merged. */
export interface WebhookWindowsTable {
  webhook_id: string
  /** The launch and the message's fingerprint, or the cause of failures. */
  key: string
  /** When it closes, and its length, in milliseconds. */
  until: number
  length: number
  suppressed: number
  first_at: string | null
  last_at: string | null
  /** JSON of the message about all of them. */
  message: string | null
}

/** Events that have been stored, because a record that is rebuilt delivers them again. */
export interface ToldEventsTable {
  key: string
  /** Milliseconds since 1970. */
  told_at: number
}

/** What all servers on one database have in common. */
export interface AgreedTable {
  name: string
  value: string
}

/** What one of the servers does for all of them. */
export interface DutiesTable {
  name: string
  owner: string
  /** When the lease ends, in milliseconds since 1970 by the database's clock. */
  leased_until: number
}

/** How far something was sent that is passed on to other programs. */
export interface PositionsTable {
  name: string
  position: string
}

/** Who did what, and who was refused. */
export interface AuditTable {
  audit_id: string
  /** Times are in milliseconds since 1970. */
  at: number
  last_at: number
  count: number
  /** Null where no token was accepted. */
  token_id: string | null
  token: string | null
  address: string
  operation: string
  node_id: string | null
  /** The id of what else it was about. */
  subject: string | null
  status: number
  message: string | null
}

/** Tokens with some rights. The configured ones are not here. */
export interface TokensTable {
  token_id: string
  /** The SHA-256 of the token, in hex. */
  digest: string
  /** How it begins and ends, for people. */
  hint: string
  name: string
  /** JSON of its rights. */
  scopes: string
  /** JSON of the ids and patterns of nodes that it is limited to. */
  nodes: string | null
  /** The owner and JSON of the labels of launches that it is limited to. */
  owner: string | null
  labels: string | null
  /** Times are in milliseconds since 1970. */
  created_at: number
  /** The name of the token that it was created with. */
  created_by: string
  expires_at: number | null
  /** The launch whose node it is for. */
  launch_id: string | null
}

/** The right of a page of another origin to read one node's stream. */
export interface StreamTicketsTable {
  /** The SHA-256 of the ticket, in hex. */
  digest: string
  node_id: string
  origin: string
  /** A short name of the token that it was asked for with. */
  caller: string
  /** Times are in milliseconds since 1970. */
  created_at: number
  redeemed_at: number | null
  /** 1 if it was redeemed by the page that shows the node in a frame. */
  embedded: number
  /** 1 once its stream was sent to the end. */
  over: number
}
