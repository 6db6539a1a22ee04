import type { LaunchLine } from '../../ingest/launch-line.js'
import { cleanLine } from '../../output/clean.js'

/** How many of the last lines go into a failure's details. */
const LAST_LINES = 3

/** What was said last. */
export function lastLines() {
  const last: string[] = []
  return {
    see(lines: readonly LaunchLine[]): void {
      // What is before the last of them does not matter, and a node may say a million lines.
      for (const { text, transient } of lines.slice(-50)) {
        if (transient) continue
        const plain = cleanLine(text).text
        if (plain.trim() !== '' && last.push(plain) > LAST_LINES) last.shift()
      }
    },
    all: (): readonly string[] => last,
  }
}
