import type { Phase } from '@launchtail/client/protocol'
import type { Ended } from '../ends/ended.js'

/** Something that an entry says about a launch, besides itself. */
export type LaunchEvent = Place & Kinds[keyof Kinds]

interface Place {
  /** The place in the list of the entry that says so. */
  readonly index: number
  /** The time of that entry, in its sender's words. */
  readonly at: string
  /** When the launch began, in the same words. With the node, it names the launch. */
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
   * The end of the launch: it is active, has failed, or was terminated. It is `again` for what becomes
   * of the node afterwards: one that was active fails or is terminated, and a lost one is active after all.
   */
  ended: {
    readonly kind: 'ended'
    readonly again: boolean
    readonly message: string
    readonly endpoint: string | undefined
    readonly ended: Ended
  }
  /** The launch has been silent for longer than launches like it usually are. */
  stalled: {
    readonly kind: 'stalled'
    readonly phase: Phase
    readonly silent_for_ms: number
    /** How long the whole phase usually takes, if that is known. */
    readonly usual_ms?: number
  }
  /** A launch that stalled goes on. */
  recovered: {
    readonly kind: 'recovered'
    readonly phase: Phase
    readonly stalled_for_ms: number
  }
  /** The spot instance of an active node was lost. A failure that says so is no `ended` event. */
  preempted: { readonly kind: 'preempted'; readonly after_ms: number }
}
