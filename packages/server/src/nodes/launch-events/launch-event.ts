import type { Phase } from '@launchtail/client/protocol'
import type { OverBudget } from '../../logs/budget-entry.js'
import type { Ended } from '../ends/ended.js'

/** Something that happened to a launch, read from an entry of its log. */
export type LaunchEvent = Place & Kinds[keyof Kinds]

interface Place {
  /** The index of that entry. */
  readonly index: number
  /** The timestamp of that entry, as its sender wrote it. */
  readonly at: string
  /** The timestamp of the launch's first entry. With the node, it identifies the launch. */
  readonly started_at: string
}

interface Kinds {
  /** The launch's first entry. */
  started: { readonly kind: 'started' }
  /** The first entry of another phase, and how long the phase before it took. */
  phase: {
    readonly kind: 'phase'
    readonly from: Phase
    readonly to: Phase
    readonly took_ms: number
  }
  /**
   * The launch has become active, has failed, or was terminated. `again` is true if it had ended before: a
   * node that was active fails or is terminated, or a failed one becomes active after all.
   */
  ended: {
    readonly kind: 'ended'
    readonly again: boolean
    readonly message: string
    readonly endpoint: string | undefined
    readonly ended: Ended
  }
  /** The launch has been silent for longer than similar launches usually are. */
  stalled: {
    readonly kind: 'stalled'
    readonly phase: Phase
    readonly silent_for_ms: number
    /** How long the phase usually takes at most, if that is known. */
    readonly usual_ms?: number
  }
  /** A launch that stalled goes on. */
  recovered: {
    readonly kind: 'recovered'
    readonly phase: Phase
    readonly stalled_for_ms: number
  }
  /** An active node's server does not answer its health check any more. */
  unhealthy: { readonly kind: 'unhealthy'; readonly reason: string; readonly since: string }
  /** It does again. */
  healthy: { readonly kind: 'healthy'; readonly unhealthy_for_ms: number }
  /** More was spent than the launch's budget, or on a day than that day's, and the node runs on. */
  over_budget: { readonly kind: 'over_budget' } & OverBudget
  /** An active node has lost its spot instance. If it failed for that, there is no `ended` event. */
  preempted: { readonly kind: 'preempted'; readonly after_ms: number }
}
