import { CUT_MARK } from '../lines.js'
import { createMatcher, type Span } from './matcher.js'

export interface Known {
  /** Masks them, and the beginning of one at the end of a line that was too long. */
  mask(text: string): string
  /** Masks the beginning of one at the text's end. */
  maskBeginning(text: string): string
}

/** Masks given literals. */
export function createKnown(literals: ReadonlySet<string>): Known {
  if (literals.size === 0) return { mask: (text) => text, maskBeginning: (text) => text }
  const matcher = createMatcher(literals)
  return { mask, maskBeginning }

  function mask(text: string): string {
    const masked = maskSpans(text, matcher.find(text))
    const mark = text.endsWith(']') ? CUT_MARK.exec(masked) : null
    return mark ? maskBeginning(masked.slice(0, mark.index)) + mark[0] : masked
  }

  function maskBeginning(text: string): string {
    const from = matcher.findCut(text)
    return from === -1 ? text : `${text.slice(0, from)}***`
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
