import type { Draft, LaunchState } from '@launchtail/client/protocol'
import { cleanLine } from '../output/clean.js'
import { createReader } from '../output/interpret/index.js'
import type { RawLine } from '../output/lines.js'
import type { Redactor } from '../output/redact/index.js'
import type { LaunchLine } from './launch-line.js'
import { masked } from './masked.js'
import type { TransientLine } from './transient.js'

export interface LineReaderOptions {
  /** The offset at which the lines begin. */
  from: number
  /** The offset behind a final line. */
  position: (line: LaunchLine) => number
  redactor: Redactor
  /** The offset up to which lines are stored already. */
  stored: () => number
  /** Called with each state of a progress bar or spinner. */
  onTransient: (line: TransientLine) => void
}

/** Reads the lines of one output: cleaned, without secrets, interpreted. */
export function createLineReader({
  from,
  position,
  redactor,
  stored,
  onTransient,
}: LineReaderOptions) {
  const reader = createReader()
  let reached = from
  /** The offset before the lines that are held back. */
  let held: number | undefined
  return {
    read: (line: LaunchLine, state: LaunchState) =>
      line.transient ? readTransient(line) : readFinal(line, state),
    /**
     * The offset behind the last line that was read, whether it made an entry or not; while lines are
     * held back, the one before these, so that none of them is lost where reading breaks off.
     */
    reached: () => held ?? reached,
    /** The entry of lines that are still held back when the output ends. */
    end(state: LaunchState): Draft | undefined {
      held = undefined
      return masked(reader.end(state), redactor)
    },
  }

  function readTransient({ text }: RawLine): undefined {
    // A private key may come with nothing but returns at its lines' ends.
    const masked = redactor.line(cleanLine(text).text)
    // A bar before a line that is stored already is long over.
    if (reached >= stored()) onTransient({ text: masked })
  }

  /** The line's entry; undefined if it makes none, or is stored already. */
  function readFinal(line: LaunchLine, state: LaunchState): Draft | undefined {
    const clean = cleanLine(line.text)
    const here = position(line)
    // A private key may begin in a line that is skipped.
    const text = redactor.line(clean.text)
    const before = reached
    reached = Math.max(reached, here)
    if (here <= stored()) return undefined
    const spinner = clean.spinner === undefined ? undefined : redactor.redact(clean.spinner)
    const readable = { text, ...(spinner !== undefined && { spinner }) }
    if (text !== '' || !(clean.heartbeat || spinner)) {
      // A launcher's own words may quote what a program has said.
      const draft = masked(
        line.word ? { draft: line.word, state, decoded: true } : reader.read(state, readable),
        redactor,
      )
      held = reader.isHolding() ? (held ?? before) : undefined
      return draft
    }
    // Payloads alone are no line. What a spinner shows is shown as a progress bar is.
    if (spinner) onTransient(readable)
    return undefined
  }
}
