/** Launchtail's client: every operation of the server, and streams that reconnect by themselves. */
export { type Client, type ClientOptions, createClient } from './client.js'
export { ApiError, ConnectionError, StreamTimeoutError } from './errors.js'
export { NodeEventSource, type NodeEventSourceOptions } from './event-source.js'
export type { GroupStreamOptions, GroupsOptions } from './groups.js'
export type { LogsEvent, LogsOptions } from './logs.js'
export type { NodesEvent, NodesStreamOptions } from './nodes.js'
export type {
  AuditOptions,
  CallOptions,
  Counted,
  CountOptions,
  DeliveriesOptions,
  ExportAllOptions,
  ExportOptions,
  Found,
  HistoryOptions,
  Launched,
  NodeLogs,
  NodesOptions,
  NodesPage,
  OutputOptions,
  SearchOptions,
  SendOptions,
  Sent,
  StatsOptions,
} from './options.js'
export type { AuditLine } from './protocol/audit.js'
export type { Draft, LogEntry } from './protocol/entry.js'
export type { DoneEvent, ErrorEvent, GapEvent, StatusEvent } from './protocol/events.js'
export type { DeletedEvent, ReadyEvent } from './protocol/fleet.js'
export type {
  Group,
  GroupUpdate,
  LaunchedGroup,
  NewGroup,
  NewPlan,
  WholeGroup,
} from './protocol/group.js'
export type { Level } from './protocol/levels.js'
export type { EndEvent, MemberEvent } from './protocol/merged.js'
export type {
  Failure,
  Keep,
  NamedCause,
  NewLaunch,
  NewNode,
  NodeLaunch,
  NodeRecord,
  PhaseTiming,
} from './protocol/node.js'
export type { LaunchName, LaunchSummary } from './protocol/node-launches.js'
export type { Beat, NodeStatusChange } from './protocol/node-status.js'
export type { NodeStatus } from './protocol/node-statuses.js'
export type { Phase } from './protocol/phases.js'
export type { LaunchPlan, PlannedAttempts, PlannedPlace, PlanProblem } from './protocol/plan.js'
export type { ExportFormat } from './protocol/queries.js'
export type { QueryExplanation } from './protocol/query-explanation.js'
export type { LaunchChanges } from './protocol/relaunch.js'
export type { Hit } from './protocol/search.js'
export type {
  LaunchOutcome,
  PastLaunch,
  Stats,
  StatsGroup,
  StatsKey,
} from './protocol/stats.js'
export type { NewToken, Token, TokenWithSecret } from './protocol/tokens.js'
export type {
  Delivery,
  NewWebhook,
  Redelivery,
  Webhook,
  WebhookChange,
  WebhookWithSecret,
} from './protocol/webhook.js'
export type { DeliveryState, WebhookEvent, WebhookFormat } from './protocol/webhook-names.js'
export type { StreamState } from './reconnecting.js'
export type { StreamEvent, StreamOptions } from './stream.js'
