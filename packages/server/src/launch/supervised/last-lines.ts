import type { LaunchLine } from '../../ingest/launch-line.js'
import { cleanLine } from '../../output/clean.js'
import type { Outcome } from '../launcher.js'

/** How many of the last lines go into a failure's details. */
const LAST_LINES = 3
/** How many of the newest lines are looked at: a node may print a million at once. */
const NEWEST = 50
const MOST_CHARACTERS = 4000

/** Keeps the last lines of an output, for the details of its launch's outcome. */
export function lastLines() {
  const last: string[] = []
  return { see, newest: () => last.at(-1), outcome }

  function see(lines: readonly LaunchLine[]): void {
    for (const { text, transient } of lines.slice(-NEWEST)) {
      if (transient) continue
      const plain = cleanLine(text).text
      if (plain.trim() !== '' && last.push(plain) > LAST_LINES) last.shift()
    }
  }

  /** An outcome whose details are `first` and the last lines. */
  function outcome(message: string, first: readonly string[] = []): Outcome {
    const details = [...first, ...last].filter((line) => line !== '').join('\n')
    return details === '' ? { message } : { message, details: details.slice(0, MOST_CHARACTERS) }
  }
}

export type LastLines = ReturnType<typeof lastLines>
