import type { LaunchState, Level, Phase } from '@launchtail/client/protocol'

/** What one tool prints and what that means. A file a tool: a newcomer adds one in half an hour. */
export interface Tool {
  readonly name: string
  /** Only of what a task runs: in a setup it is a preparation. SkyPilot's own words come from nobody else. */
  readonly spoken: 'by anybody' | 'by a server' | 'by SkyPilot'
  /** Its own lines are known by their form, its logger or its process, whatever they say. */
  readonly voice?: readonly Voice[]
  readonly rules: readonly Rule[]
  readonly causes: readonly CauseRow[]
}

/** A line in this voice is a server's, so the launch has come to it. */
export interface Voice {
  readonly format?: string
  readonly logger?: RegExp
  readonly process?: RegExp
  readonly phase: Phase
  readonly example: string
}

/** What a line with these words says. */
export interface Rule {
  /** Anchored at the beginning, bounded and without flags: a table is tried as one expression. */
  readonly when: RegExp
  /** The launch is in this phase at least. */
  readonly phase?: Phase
  /** The percent reached; undefined where the line tells nothing new. */
  readonly progress?: number | ((match: RegExpMatchArray, state: LaunchState) => number | undefined)
  /** In place of the level the line itself names. */
  readonly level?: Level
  /** A sentence for the entry's details, where the line does not say what is waited for. */
  readonly note?: string
  /** A line as the tool prints it. */
  readonly example: string
}

/** A line that tells why a launch failed, or only that it did. */
export interface CauseRow {
  readonly code: string
  /** Says so for certain, unless it is only a warning. */
  readonly when?: readonly RegExp[]
  /** A launch may survive it: it counts as long as nothing says more. */
  readonly maybe?: readonly RegExp[]
  /** The words of whoever saw something else fail: it is this where nothing says what that was. */
  readonly wraps?: readonly RegExp[]
  /** Only in the final message of a launcher or sender; never in a line of output. */
  readonly last?: true
  /** Only in these phases. */
  readonly phases?: readonly Phase[]
  /** In place of the usual advice on this cause, where the tool has a better one. */
  readonly advice?: string
  /** For each expression at least one line, as the tool prints it. */
  readonly examples: readonly string[]
}

/**
 * A step of work whose amount nobody knows: each line goes a twentieth of what is left to `limit`,
 * and nothing is told once that no longer shows.
 */
export function towards(from: number, limit: number) {
  return (_: RegExpMatchArray, { progress }: LaunchState): number | undefined => {
    if (progress < from) return from
    const next = Math.round((progress + (limit - progress) / 20) * 10) / 10
    return next > progress && next < limit ? next : undefined
  }
}
