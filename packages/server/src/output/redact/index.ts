import { COMMAND_LINES } from './commands.js'
import { maskBeginning } from './cut-off.js'
import { ELEMENTS } from './elements.js'
import { formsOf } from './forms.js'
import { createHints } from './hints.js'
import { KEY_BLOCKS } from './key-block.js'
import { followKeys } from './key-lines.js'
import { createKnown } from './known.js'
import { NAMED } from './named.js'
import { followNames } from './next-line.js'
import type { Rule } from './rule.js'
import { SHAPES } from './shapes.js'
import { TOKENS } from './tokens.js'
import { viewsOf } from './views.js'

export interface Redactor {
  /** The text of one field, which may have several lines. */
  redact(text: string): string
  /**
   * The next line of one output. What is secret over several lines (a private key's block) is
   * remembered from line to line, so each output needs a redactor of its own.
   */
  line(text: string): string
  /** A redacted text that goes on elsewhere, without the beginning of a secret at its end. */
  cutOff(text: string): string
}

/** All rules, in the order in which they are applied. */
export const RULES: readonly Rule[] = [
  KEY_BLOCKS,
  ...TOKENS,
  ...SHAPES,
  COMMAND_LINES,
  ELEMENTS,
  NAMED,
]

const rulesFor = createHints(RULES)

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
  const known = createKnown(forms)
  const keys = followKeys()
  const name = followNames()
  return { redact, line: (text) => name(keys.next(redact(text), text)), cutOff }

  function redact(text: string): string {
    for (const view of viewsOf(text)) {
      const masked = mask(view)
      if (masked !== view) return masked
    }
    return mask(text)
  }

  function cutOff(text: string): string {
    const masked = known.maskBeginning(text)
    return masked === text ? maskBeginning(text, redact) : masked
  }

  function mask(text: string): string {
    let masked = known.mask(text)
    for (const rule of rulesFor(masked)) masked = rule.mask(masked)
    return masked.includes('\n') ? masked.split('\n').map(followNames()).join('\n') : masked
  }
}
