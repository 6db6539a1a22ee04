import { stripVTControlCharacters } from 'node:util'
import type { LogEntry } from '@launchtail/client'

/**
 * Compares SkyPilot's logs with a node's, and tells which of their lines the node has not as often.
 * What the node has besides is not looked at: spinners, and what Launchtail says itself. Where the
 * launch was `cut`, nobody may have read the end of a log any more.
 */
export function differences(
  logs: readonly (readonly string[])[],
  entries: readonly LogEntry[],
  { cut = false }: { cut?: boolean } = {},
): string[] {
  // The last entry repeats the line that is the cause.
  const told = entries.filter(({ phase }) => phase !== 'failed')
  const has = countOf(
    told.flatMap(({ message, details = '' }) => [message, ...details.split('\n')]),
  )
  const read = logs.flatMap((log) => (cut ? log.slice(0, endOf(log, has)) : log).filter(isRead))
  return [...countOf(read)].flatMap(([line, count]) => {
    const found = has.get(line) ?? 0
    return found === count ? [] : [`${found} instead of ${count} times: ${line}`]
  })

  /** Slurm ends the reading of a log with the job, and each has such lines of its own. */
  function isRead(line: string): boolean {
    return !cut || !/^(?:slurmstepd-\S+|srun): error: /.test(line)
  }
}

/** Where a node's log leaves a log of SkyPilot: behind the last line that is in both. */
function endOf(log: readonly string[], has: ReadonlyMap<string, number>): number {
  const counts = countOf(log)
  const inBoth = (line: string) => has.has(plain(line)) && counts.get(plain(line)) === 1
  return log.findLastIndex(inBoth) + 1
}

function countOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines.map(plain)) {
    if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  return counts
}

/** A line without colours, without what SkyPilot puts before it, and without its level. */
function plain(line: string): string {
  return (
    stripVTControlCharacters(line)
      .replace(/^(?:\([^()]{1,80}pid=\d+[^()]{0,40}\) )+/, '')
      // The heads of vLLM's lines and of its libraries' are told among the details.
      .replace(/^(?:INFO|WARNING|ERROR) \d\d-\d\d \d\d:\d\d:\d\d \[\S+:\d+\] ?/, '')
      .replace(/^\[[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ \S+:\d+\] /, '')
      .replace(/^(?:[\s⚙✓⨯↺├└─│]|\uFE0E)+/u, '')
      .replace(/^(?:ERROR|INFO|WARNING): /, '')
      // It stands on many lines, and is told among the details.
      .replace(/ {2}View logs: sky .*$/, '')
      // What the probe beside the job reports is read and not shown, and its requests are left out.
      .replace(/^launchtail [0-9a-f]{32} .*|^.*\blaunchtail-probe\b.*/, '')
      .replace(/^127\.0\.0\.1 .*(?:"GET \/(?:health|v1|v2)\S* HTTP\/1\.1" 404| code 404, ).*/, '')
      // Only in the file: a stream ends before it.
      .replace(/^Request \S+ cancelled by user$/, '')
      .trim()
  )
}
