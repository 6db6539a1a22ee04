import type { RawLine } from '../../output/lines.js'

/** In a query, and the name of the client: what servers write into their access logs. */
export const PROBE_NAME = 'launchtail-probe'
/** The address that a probe of a server on this machine comes from. Every address 127.x.y.z is loopback. */
export const PROBE_ADDRESS = '127.76.84.1'

/**
 * The lines without those in which the node's server logs that the probe asked it. Whether a line is one
 * depends on its text alone: lines that are read again must stay the same lines.
 */
export function withoutProbeLines<Line extends RawLine>(lines: readonly Line[]): readonly Line[] {
  return lines.some(({ text }) => isProbeLine(text))
    ? lines.filter(({ text }) => !isProbeLine(text))
    : lines
}

/** True for an access line of the probe. A line that complains about its request is none. */
export function isProbeLine(text: string): boolean {
  if (text.length > LONGEST) return false
  if (HAS_NO_SUCH_PATH.test(text)) return true
  if (!text.includes(PROBE_NAME) && !FROM_PROBE.test(text)) return false
  return ACCESS.test(text) && !COMPLAINT.test(text)
}

const LONGEST = 2000
const FROM_PROBE = /(?:^|[^\d.])127\.76\.84\.1(?!\d|\.\d)/
/** The method and the path, as the kinds of servers write them. */
const ACCESS = /\b(?:GET|POST)\b["'\s]{0,16}\/|\bmethod=(?:GET|POST)\b/
/**
 * A server that has no such path with the query is asked for it without one, and by the probe on its own
 * node from the usual loopback address. That it has not the path either tells nobody anything. Python's
 * `http.server` says so in two lines.
 */
const HAS_NO_SUCH_PATH =
  /(?:^|\s)127\.0\.0\.1(?:[: ].{0,60})?(?:"GET (?:\/health|\/v1\/models|\/v2\/health\/ready) HTTP\/1\.[01]" (?:404|405|501)\b| code (?:404|405|501), message [\w ]{1,40}$)/
const COMPLAINT = /\b(?:error|exception|fail|failed|failure|refused|timed out|traceback)\b/i
