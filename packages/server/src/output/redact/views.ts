import { withoutControls } from '../clean.js'

/**
 * The text as readers may be shown it: without control characters, marks and escapes, line by line
 * and on one line. A token with one of these in its middle is a token for whoever copies it. None
 * where the text is shown as it is.
 */
export function viewsOf(text: string): string[] {
  if (!UNSEEN.test(text)) return []
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
 * Selectors behind a symbol that a blank follows are the only ones that are common, and cut nothing.
 * Only the first halves of pairs are looked at, so some texts are viewed for nothing.
 */
const UNSEEN = new RegExp(
  '[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f' +
    '\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\ud82f\\ud834\\udb40-\\udb43]|\\u034f|' +
    '[\\ufe00-\\ufe0f](?=\\S)|(?<=[\\x20-\\x7e])[\\ufe00-\\ufe0f]',
)
