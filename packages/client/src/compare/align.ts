import type { LogEntry } from '../protocol/entry.js'
import { PHASES, type Phase } from '../protocol/phases.js'
import { plain } from '../protocol/plain.js'

/** A line of one launch. */
export interface ComparedLine {
  readonly entry: LogEntry
  /** The other launch has no line like it. */
  readonly isOnlyHere: boolean
}

export interface AlignedPhase {
  readonly phase: Phase
  readonly left: readonly ComparedLine[]
  readonly right: readonly ComparedLine[]
}

/** The lines of two launches, each phase beside the same phase of the other. */
export function alignByPhase(
  left: readonly LogEntry[],
  right: readonly LogEntry[],
): readonly AlignedPhase[] {
  const [ofLeft, ofRight] = [compared(left, right), compared(right, left)]
  return PHASES.map((phase) => ({
    phase,
    left: ofLeft.filter(({ entry }) => entry.phase === phase),
    right: ofRight.filter(({ entry }) => entry.phase === phase),
  })).filter((aligned) => aligned.left.length + aligned.right.length > 0)
}

function compared(lines: readonly LogEntry[], others: readonly LogEntry[]): ComparedLine[] {
  const known = new Set(others.map(({ message }) => sameness(message)))
  return lines.map((entry) => ({ entry, isOnlyHere: !known.has(sameness(entry.message)) }))
}

/**
 * Two lines are alike if only their numbers, ids and spaces differ. Versions and settings (`0.11.0`,
 * `utilization=0.98`) must be the same: they may be what made the difference.
 */
function sameness(message: string): string {
  return plain(message)
    .replace(CHANGING, (number) => (TELLING.test(number) ? number : '#'))
    .replace(/\s+/g, ' ')
    .trim()
}

/** A setting, an id, or a number. Bounded, because lines are whatever a program prints. */
const CHANGING = /=\d[\d.]*|\b(?=[\da-f-]{0,64}\d)[\da-f-]{8,64}\b|\d+(?:\.\d+)*/gi
const TELLING = /^=|^\d+\.\d+\.\d+$/
