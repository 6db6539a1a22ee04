import { cleanLine } from '../../../output/clean.js'
import type { RawLine } from '../../../output/lines.js'

/** What SkyServe says about the reading of a replica's log, and not the replica. */
const ABOUT =
  /^(?:Start streaming logs for (?:launching process|task job) of replica \d+\.{1,3}|Replica \d+ doesn't exist\.|Failed to (?:find|stream logs for) replica\b.*|Service '[^']*' (?:does not exist\.|is still initializing its controller\..*)|)$/

/** Leaves out the lines of a reading that are not the replica's own. */
export function replicaLines(): (lines: readonly RawLine[]) => readonly RawLine[] {
  return (lines) => lines.filter(({ text }) => !ABOUT.test(cleanLine(text).text.trimEnd()))
}
