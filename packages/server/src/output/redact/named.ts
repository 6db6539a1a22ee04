import { isHarmless, LONGEST } from './harmless.js'
import type { Rule } from './rule.js'
import { isSecretName, NAME_HINTS, SECRET_WORD } from './secret-name.js'
import { valueAt } from './values.js'

/**
 * Masks values whose name says that they are secret: `name=value`, `name: value`, `"name":
 * "value"` (also as JSON within JSON) and `--name value`.
 */
export const NAMED: Rule = { name: 'named value', hints: NAME_HINTS, mask: maskNamed }

function maskNamed(text: string): string {
  let masked = ''
  let done = 0
  NAME.lastIndex = 0
  for (let match = NAME.exec(text); match; match = NAME.exec(text)) {
    const [whole, word = '', suffix = '', assignment = ''] = match
    const before = nameBefore(text, match.index, done)
    // What is behind the word may be the beginning of another name.
    NAME.lastIndex = match.index + word.length
    if (!isSecretName(before, word.toLowerCase(), suffix)) continue
    const sign = assignment.trim()
    if (sign === '' && !before.startsWith('--')) continue
    const start = match.index + whole.length
    // `/etc/passwd: No such file`
    if (sign === ':' && text[match.index - before.length - 1] === '/' && suffix === '') continue
    // Harmless values are short. So only those are read that are, or that are masked and passed over.
    const name = before + word.toLowerCase()
    const head = valueAt(text.slice(start, start + LONGEST + 8), 0)
    if (isHarmless(text.slice(start + head.from, start + head.to), name, sign)) continue
    const { from, to } = valueAt(text, start)
    masked += `${text.slice(done, from)}***`
    done = to
    NAME.lastIndex = to
  }
  return done === 0 ? text : masked + text.slice(done)
}

/**
 * The word that tells, what the name has behind it, and what is between name and value. Nothing
 * before the word is matched: looking back from each word is what keeps this linear.
 */
const NAME = new RegExp(
  String.raw`(${SECRET_WORD})([\w-]{0,64})(?:\\{0,3}["'${'`'}])?([ \t]{0,8}(?:=>|:=|=(?!=)|:(?!\/\/))[ \t]{0,8}|[ \t]{1,4})(?=\S)`,
  'gi',
)

const NAME_PART = /[\w.-]/

function nameBefore(text: string, end: number, notBefore: number): string {
  let from = end
  while (from > notBefore && end - from < 64 && NAME_PART.test(text[from - 1] as string)) from--
  return text.slice(from, end).toLowerCase()
}
