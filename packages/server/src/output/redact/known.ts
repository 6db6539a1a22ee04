import { CUT_MARK } from '../lines.js'
import { createMatcher, type Span } from './matcher.js'

/** Masks given literals, and the beginning of one at the end of a line that was too long. */
export function createKnown(literals: ReadonlySet<string>): (text: string) => string {
  if (literals.size === 0) return (text) => text
  const matcher = createMatcher(literals)
  return (text) => {
    const masked = maskSpans(text, matcher.find(text))
    const mark = text.endsWith(']') ? CUT_MARK.exec(masked) : null
    if (!mark) return masked
    const from = matcher.findCut(masked.slice(0, mark.index))
    return from === -1 ? masked : `${masked.slice(0, from)}***${mark[0]}`
  }
}

function maskSpans(text: string, spans: readonly Span[]): string {
  let masked = ''
  let done = 0
  for (const [from, to] of spans) {
    masked += `${text.slice(done, from)}***`
    done = to
  }
  return done === 0 ? text : masked + text.slice(done)
}
