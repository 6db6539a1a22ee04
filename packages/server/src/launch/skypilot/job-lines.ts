import type { RawLine } from '../../output/lines.js'

const BEGINNING = 'Waiting for task resources on '
const PREFIXED = /^(?:\x1b\[[0-9;]*m)*\([^\s(),]{1,128},? (?:rank=\d{1,6}, )?pid=\d{1,10}/
const LONGEST_HEAD = 50

/**
 * A job's log begins with SkyPilot's wait for resources. What comes before is about the reading and not
 * the job: that it is the latest job, that there is no log yet.
 */
export function jobLines(): (lines: readonly RawLine[]) => readonly RawLine[] {
  let begun = false
  const head: RawLine[] = []
  return (lines) => {
    if (begun) return lines
    for (const [at, line] of lines.entries()) {
      if (line.text.includes(BEGINNING)) {
        begun = true
        return lines.slice(at)
      }
      head.push(line)
      // The log of another version, which begins otherwise.
      if (PREFIXED.test(line.text) || head.length > LONGEST_HEAD) {
        begun = true
        return [...head, ...lines.slice(at + 1)]
      }
    }
    return []
  }
}
