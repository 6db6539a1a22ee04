import { withoutControls } from '../clean.js'

/**
 * The text as readers may be shown it: without control characters, marks and escapes, line by line
 * and on one line. A token with one of these in its middle is a token for whoever copies it. None
 * where the text is shown as it is.
 */
export function viewsOf(text: string): string[] {
  if (!UNSEEN.test(text) || !UNSEEN.test(text.replace(HARMLESS_SELECTORS, ''))) return []
  const shown = text.split('\n').map(seen).join('\n')
  // On one line, an escape sequence may take in a line's end and join what is around it.
  return text.includes('\n') ? [shown, seen(text.replace(LINE_ENDS, ' '))] : [shown]
}

function seen(line: string): string {
  return withoutControls(line).replace(IGNORABLE, '')
}

const LINE_ENDS = /[\r\n\u0085\u2028\u2029]+/g
/** Characters that a font shows nothing for: joiners, soft hyphens, selectors. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu
/**
 * Anything except what is shown. (Written the other way round, the test takes ten times as long.)
 * Only the first halves of pairs are looked at, so some texts are viewed for nothing.
 */
const UNSEEN = new RegExp(
  '[^\\t\\n\\x20-\\x7e\\xa0-\\xac\\xae-\\u034e\\u0350-\\u061b\\u061d-\\u115e\\u1161-\\u17b3\\u17b6-\\u180a' +
    '\\u1810-\\u200a\\u2010-\\u2027\\u202f-\\u205f\\u2070-\\u3163\\u3165-\\ud82e\\ud830-\\ud833\\ud835-\\udb3f' +
    '\\udb44-\\ufdff\\ufe10-\\ufefe\\uff00-\\uff9f\\uffa1-\\uffef\\ufffc-\\uffff]',
)
/** Behind a symbol and before a blank they are common, and cut nothing. */
const HARMLESS_SELECTORS = /[\ufe00-\ufe0f](?<![\x20-\x7e].)(?=\s)/g
