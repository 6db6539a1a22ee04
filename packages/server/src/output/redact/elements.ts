import { isHarmless } from './harmless.js'
import type { Rule } from './rule.js'
import { NAME_HINTS, saysSecret } from './secret-name.js'

/** XML whose element's name says that its content is secret: `<password>x</password>`. */
export const ELEMENTS: Rule = {
  name: 'XML element',
  hints: NAME_HINTS,
  mask(text) {
    if (!CLOSING.test(text)) return text
    return text.replace(ELEMENT, (whole, open: string, name: string, content: string) => {
      const value = content.trim()
      if (value === '' || !saysSecret(name) || isHarmless(value, name, '>')) return whole
      return open + content.replace(value, () => '***')
    })
  },
}

const CLOSING = /<\/|&lt;\/|\\u003c\/|<\\\//i
/** `<` and `>` may be written for XML or for JSON. Each try takes in its content, so none is read twice. */
const ELEMENT =
  /((?:<|&lt;|\\u003c)(?:[\w.-]{1,64}:)?([\w.-]{1,64})(?:\s[^<>&]{0,128})?(?:>|&gt;|\\u003e))((?:[^<&\\]|&(?!lt;)|\\(?!u003c))+)/gi
