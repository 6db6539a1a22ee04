import { GAP_REASONS, OUTCOMES } from '@launchtail/client/protocol'
import { type Counter, createCounter } from './counter.js'
import { createDistribution, type Distribution } from './distribution.js'
import { labelsOfRefusal } from './refusals.js'

/** What the server counts from its start. */
export interface Counts {
  appended: number
  skipped: number
  leftOut: number
  faults: number
  /** Texts in which a secret was masked. */
  redactions: number
  /** Streams that went on from a last event id. */
  resumes: number
  readonly ends: Counter<'outcome'>
  /** The same in more detail. */
  readonly launches: Counter<'outcome' | 'cause' | 'provider'>
  /** In seconds. */
  readonly timeToActive: Distribution<'provider'>
  /** In seconds. */
  readonly phases: Distribution<'phase'>
  readonly gaps: Counter<'reason'>
  readonly cuts: Counter<'reason'>
  /** Seconds from an append until it was written to the readers. */
  readonly writes: Distribution
  readonly refusals: Counter<'status' | 'reason'>
  /** Requests that were refused by a limit. */
  readonly limited: Counter<'limit'>
  /** Records that came by OTLP. */
  readonly otlpReceived: Counter<'result'>
  /** Records and launches that were sent by OTLP. */
  readonly otlpSent: Counter<'signal' | 'result'>
  /** Attempts to deliver messages to webhooks. */
  readonly deliveries: Counter<'outcome'>
}

/** Why the server ends a stream before the launch is over. */
const CUT_REASONS = ['rotated', 'stalled', 'vanished', 'storage_lost', 'stopping', 'fault']
/** The statuses of refusals that somebody may want to be woken for. */
const ALERTING = [401, 429, 500, 503, 507]

/** The limits of tokens and addresses. */
const LIMITS = [
  'streams_per_token',
  'streams_per_address',
  'streams',
  'requests',
  'entries',
  'searches',
]

/** Seconds. A launch takes from half a minute to an hour, and a phase of it less. */
const LAUNCH_BOUNDS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600]
/** Seconds. The goal is a median below 5 ms with 1,000 readers. */
const WRITE_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

export function createCounts(): Counts {
  return {
    appended: 0,
    skipped: 0,
    leftOut: 0,
    faults: 0,
    redactions: 0,
    resumes: 0,
    ends: createCounter(OUTCOMES.map((outcome) => ({ outcome }))),
    launches: createCounter(),
    timeToActive: createDistribution(LAUNCH_BOUNDS),
    phases: createDistribution(LAUNCH_BOUNDS),
    gaps: createCounter(GAP_REASONS.map((reason) => ({ reason }))),
    cuts: createCounter(CUT_REASONS.map((reason) => ({ reason }))),
    writes: createDistribution(WRITE_BOUNDS),
    refusals: createCounter(ALERTING.map(labelsOfRefusal)),
    limited: createCounter(LIMITS.map((limit) => ({ limit }))),
    otlpReceived: createCounter(['accepted', 'rejected'].map((result) => ({ result }))),
    otlpSent: createCounter(),
    deliveries: createCounter(
      ['delivered', 'again', 'dead', 'gone'].map((outcome) => ({ outcome })),
    ),
  }
}
