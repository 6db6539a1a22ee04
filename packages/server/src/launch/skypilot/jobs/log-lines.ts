import { cleanLine } from '../../../output/clean.js'
import type { RawLine } from '../../../output/lines.js'
import { jobLines } from '../job-lines.js'

/** SkyPilot's own lines. A program's have its name in front. */
const HEAD = String.raw`^(?:[DIWE] \d\d-\d\d [\d:.]{8,15} (?:PID=\d+ )?\S{1,80}\] )?`
/** Said when the cluster is lost. What comes next is another attempt's, or the same log once more. */
const LEFT = new RegExp(`${HEAD}The job cluster is preempted or failed\\b`)
/** Said with the status of a moment ago, and only to a reader who was there when the job ended. */
const CLOSING = new RegExp(`${HEAD}✓ Managed job finished: \\d+ \\(status: \\w+\\)`)
const WAITS = /^\W*Waiting for task to start(?: \(status: \w+\))?\. It may take a few minutes\. */
const HINT = /\s*View controller logs: sky jobs logs .*$/

export interface LogLines {
  /** The lines that are the job's own, and what its launch is doing, as a progress bar. */
  select(lines: readonly RawLine[]): readonly RawLine[]
  /** True once the cluster of this log is lost. */
  isLeft(): boolean
}

/** Picks the lines of one reading of a managed job's log. */
export function logLines(): LogLines {
  const own = jobLines()
  let left = false
  return { select, isLeft: () => left }

  function select(lines: readonly RawLine[]): readonly RawLine[] {
    const shown: RawLine[] = []
    for (const line of lines) {
      if (left) break
      const { text, spinner, heartbeat } = cleanLine(line.text)
      if (spinner !== undefined) shown.push(...launching(line, spinner))
      if (LEFT.test(text)) left = true
      else if (text === '' && (heartbeat || spinner !== undefined)) continue
      else if (!CLOSING.test(text)) shown.push(...own([line]))
    }
    return shown
  }
}

/** What the launch of the job's cluster is doing now, if the spinner tells. */
function launching(line: RawLine, spinner: string): RawLine[] {
  const text = WAITS.test(spinner) ? spinner.replace(WAITS, '').replace(HINT, '') : ''
  return text === '' ? [] : [{ ...line, text, transient: true }]
}
