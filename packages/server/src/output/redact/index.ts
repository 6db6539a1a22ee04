import { withoutControls } from '../clean.js'
import { CUT_MARK } from '../lines.js'
import { formsOf } from './forms.js'
import { createMatcher, type Span } from './matcher.js'
import { maskNamed } from './named.js'
import { maskBlocks, pemLines } from './pem.js'
import { SHAPES } from './shapes.js'

export interface Redactor {
  /** The text of one field, which may have several lines. */
  redact(text: string): string
  /**
   * The next line of one output. What is secret over several lines (a private key's block) is
   * remembered from line to line, so each output needs a redactor of its own.
   */
  line(text: string): string
}

/**
 * Puts `***` in place of what looks like a credential, and of each of `values` in every form it
 * is likely to be printed in. A value of fewer than six characters is left alone.
 *
 * A text with a secret loses its colours, too: their codes may stand in the secret's middle. Making
 * one takes some 15 ms for 200 values and another of 64 KiB; using it costs a line
 * about as much whatever their number.
 */
export function createRedactor({ values = [] }: { values?: readonly string[] } = {}): Redactor {
  const forms = new Set<string>()
  for (const value of values) for (const form of formsOf(value)) forms.add(form)
  const matcher = createMatcher(forms)
  const maskKeyLine = pemLines()
  return { redact, line: (text) => maskKeyLine(redact(text), text) }

  function redact(text: string): string {
    if (!CONTROLS.test(text)) return mask(text)
    const plain = text.split('\n').map(withoutControls).join('\n')
    const masked = mask(plain)
    return masked === plain ? mask(text) : masked
  }

  function mask(text: string): string {
    const known = forms.size === 0 ? text : maskKnown(text)
    return mightHoldSecret(known) ? maskShapes(known) : known
  }

  function maskKnown(text: string): string {
    const masked = maskSpans(text, matcher.find(text))
    const mark = text.endsWith(']') ? CUT_MARK.exec(masked) : null
    if (!mark) return masked
    // The line was too long, and its end may be the beginning of a value.
    const from = matcher.findCut(masked.slice(0, mark.index))
    return from === -1 ? masked : `${masked.slice(0, from)}***${mark[0]}`
  }
}

/** Whether a text can hold something that is known by its looks. Cheap, and never wrong in saying no. */
function mightHoldSecret(text: string): boolean {
  return HINT.test(text)
}

const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/

const HINT =
  /hf_|api_org_|a[ksbc][ic]a|aiza|ya29|gocspx|gh[a-z]_|github_pat|glpat|sk-|sky_|lt_|xox|xapp|eyj|bearer|authorization|@|sig=|signature=|-----begin|passw|passphrase|pwd|secret|token|credential|key|connection/i

function maskShapes(text: string): string {
  let masked = maskBlocks(text)
  for (const { when, keeps } of SHAPES) masked = masked.replace(when, keeps ? '$1***' : '***')
  return maskNamed(masked)
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
