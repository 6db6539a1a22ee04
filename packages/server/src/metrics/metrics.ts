import type { NodeCounts } from '../nodes/node-counts.js'
import type { Counts } from './counts.js'
import type { Described, Sample } from './text.js'

export interface MetricSources {
  readonly counts: Counts
  readonly version: string
  /** Which of the processes that serve one port this one is. */
  readonly place: { readonly count: number; readonly restarts: number }
  /** The number of open streams. */
  readonly streams: () => number
  /** The number of launches that this process runs. */
  readonly leases: () => number
  /** Undefined while the records are out of reach; then their metrics are left out. */
  readonly nodes: () => Promise<NodeCounts | undefined>
}

/** The sources, with the nodes as they are now. */
type Read = Omit<MetricSources, 'nodes'> & { readonly nodes: NodeCounts | undefined }

interface Metric extends Described {
  readonly read: (from: Read) => readonly Sample[]
}

/** All metrics of ours. Units are seconds, and no label has an id. */
export const METRICS: readonly Metric[] = [
  gauge('launchtail_build_info', 'Always 1; the label has the version.', ({ version }) => [
    { labels: { version }, value: 1 },
  ]),
  gauge(
    'launchtail_workers',
    'How many processes should serve the port (`--workers`). Count `launchtail_build_info` for how many do.',
    ({ place }) => only(place.count),
  ),
  counter(
    'launchtail_worker_restarts_total',
    'How often this worker was started again after it had died.',
    ({ place }) => only(place.restarts),
  ),
  counter('launchtail_launches_ended_total', 'Launches that ended, by outcome.', ({ counts }) =>
    counts.ends.read(),
  ),
  counter(
    'launchtail_launches_total',
    'The same in more detail: also by provider, and by the cause of a failure (docs/phases.md).',
    ({ counts }) => counts.launches.read(),
  ),
  histogram(
    'launchtail_time_to_active_seconds',
    'Time from the first entry of a launch until it became active, by provider.',
    ({ counts }) => counts.timeToActive.read(),
  ),
  histogram(
    'launchtail_phase_duration_seconds',
    'Time that launches spent in each phase that they completed.',
    ({ counts }) => counts.phases.read(),
  ),
  gauge('launchtail_nodes', 'Nodes by status.', ({ nodes }) =>
    nodes ? labelled('status', nodes.byStatus) : [],
  ),
  gauge('launchtail_launching_nodes', 'Nodes that are launching, by phase.', ({ nodes }) =>
    nodes ? labelled('phase', nodes.byPhase) : [],
  ),
  gauge(
    'launchtail_stalled_nodes',
    'Launching nodes that have been silent for far longer than is usual in their phase.',
    ({ nodes }) => (nodes ? only(nodes.stalled) : []),
  ),
  gauge(
    'launchtail_unhealthy_nodes',
    'Active nodes whose servers do not answer their health check.',
    ({ nodes }) => (nodes ? only(nodes.unhealthy) : []),
  ),
  gauge('launchtail_leases', 'Launches that this process runs.', ({ leases }) => only(leases())),
  counter(
    'launchtail_entries_appended_total',
    'Entries stored through this process.',
    of('appended'),
  ),
  counter(
    'launchtail_entries_skipped_total',
    'Texts in watched lists that were skipped because they are not entries.',
    of('skipped'),
  ),
  counter(
    'launchtail_entries_left_out_total',
    'Entries that were not kept because their log was full.',
    of('leftOut'),
  ),
  counter(
    'launchtail_redactions_total',
    'Texts in which this process masked a secret before it stored or sent them.',
    of('redactions'),
  ),
  counter(
    'launchtail_storage_faults_total',
    'Storage faults that occurred between requests.',
    of('faults'),
  ),
  gauge('launchtail_streams', 'Open streams.', ({ streams }) => only(streams())),
  histogram(
    'launchtail_append_to_write_seconds',
    'Time from when this process learned of entries until they were written to all readers that were up to date.',
    ({ counts }) => counts.writes.read(),
  ),
  counter(
    'launchtail_stream_resumes_total',
    'Streams that went on from a last event id.',
    of('resumes'),
  ),
  counter(
    'launchtail_stream_gaps_total',
    'Readers who were told of a gap: what they had seen is not in the log any more.',
    ({ counts }) => counts.gaps.read(),
  ),
  counter(
    'launchtail_stream_cuts_total',
    'Streams that the server ended before the launch was over, by reason.',
    ({ counts }) => counts.cuts.read(),
  ),
  counter(
    'launchtail_refusals_total',
    'Requests that were refused, by status and reason.',
    ({ counts }) => counts.refusals.read(),
  ),
  counter(
    'launchtail_limited_total',
    'Requests that were refused with 429 because a token, an address or all together use as much as they may, by limit.',
    ({ counts }) => counts.limited.read(),
  ),
  counter(
    'launchtail_otlp_received_records_total',
    'Log records that came by OTLP; rejected are those of nodes that are not known.',
    ({ counts }) => counts.otlpReceived.read(),
  ),
  counter(
    'launchtail_otlp_sent_total',
    'Entries (logs) and launches (traces) sent by OTLP; refused are those the receiver will not have.',
    ({ counts }) => counts.otlpSent.read(),
  ),
  counter(
    'launchtail_webhook_attempts_total',
    'Attempts to deliver messages to webhooks, by what came of them: `again` are retried, `dead` were given up, `gone` switched their webhook off.',
    ({ counts }) => counts.deliveries.read(),
  ),
]

function counter(name: string, help: string, read: Metric['read']): Metric {
  return { name, type: 'counter', help, read }
}

function gauge(name: string, help: string, read: Metric['read']): Metric {
  return { name, type: 'gauge', help, read }
}

function histogram(name: string, help: string, read: Metric['read']): Metric {
  return { name, type: 'histogram', help, read }
}

/** A count without labels. */
function of(key: 'appended' | 'skipped' | 'leftOut' | 'redactions' | 'faults' | 'resumes') {
  return ({ counts }: Read) => only(counts[key])
}

function only(value: number): Sample[] {
  return [{ labels: {}, value }]
}

function labelled(label: string, values: ReadonlyMap<string, number>): Sample[] {
  return [...values].map(([name, value]) => ({ labels: { [label]: name }, value }))
}
