import type { LaunchState } from '@launchtail/client/protocol'
import type { LaunchLine, LaunchWord } from '../../ingest/launch-line.js'
import { cleanLine } from '../../output/clean.js'
import { createReader } from '../../output/interpret/index.js'

/**
 * The lines of each attempt have offsets of their own, because those of the attempt before cannot be read
 * again: they went with their cluster.
 */
const SPAN = 1_000_000_000

export const BEGINNING: LaunchState = { phase: 'provisioning', progress: 0 }

/** The line that opens an attempt. It is the same one whenever it is given. */
export function openingLine(attempt: number, word: LaunchWord): LaunchLine {
  return ours(attempt * SPAN, word)
}

/**
 * Gives the lines of one attempt their offsets. In a further attempt the phases start over, and the
 * launch's own does not go back; so each phase that the attempt comes to is said in a line of our own.
 */
export function attemptLines(attempt: number): (lines: readonly LaunchLine[]) => LaunchLine[] {
  const reader = createReader()
  let state = BEGINNING
  let count = 0
  return (lines) =>
    lines.flatMap((line) => {
      if (line.transient) return [line]
      count += 1
      const position = attempt * SPAN + 2 * count
      const numbered = { ...line, position }
      return attempt > 1 && advances(line.text) ? [numbered, phaseLine(position + 1)] : [numbered]
    })

  function advances(raw: string): boolean {
    const { phase } = state
    const { text } = cleanLine(raw)
    state = reader.read(state, { text })?.state ?? state
    return state.phase !== phase
  }

  function phaseLine(position: number): LaunchLine {
    const message = `Attempt ${attempt}: ${state.phase.replaceAll('_', ' ')}`
    return ours(position, { message, details: `attempt: ${attempt}\nphase: ${state.phase}` })
  }
}

function ours(position: number, word: LaunchWord): LaunchLine {
  return { text: word.message, transient: false, end: 0, word, position }
}
