/**
 * The one place that knows which characters act on a terminal, change how their neighbours are
 * read, or cannot be seen. Lines lose them before they are stored, texts before they are printed,
 * and the page shows them by name; what one of these leaves in, a token could hide behind.
 */

/** C0 except tab and line feed, DEL, and C1. */
const CONTROLS = '\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f'
/**
 * Bidirectional marks, embeddings, overrides and isolates (Unicode UAX 9), line separators, the
 * zero-width space, word joiners, byte order marks, annotation anchors and tags. Not the zero-width
 * joiners (U+200C, U+200D), which scripts and emoji need.
 */
const INVISIBLE =
  '\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}'
const JOINERS = '\\u200c\\u200d'

/**
 * A terminal's escape sequences (ECMA-48), 7 and 8 bit: strings (OSC, DCS, SOS, PM, APC) with their
 * end, control sequences, and those of two characters. Every ESC and C1 introducer matches. A string
 * that nothing ends loses its introducer only: the rest of the text is not the terminal's here. For
 * a control sequence the groups are its parameters and its final character.
 */
export const ESCAPE_SEQUENCES =
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~]?)|\x1b[ -/]*[0-~]?/g

/** What the page shows by name: line feeds stay, since a text may have several lines. */
export const UNSEEN = new RegExp(`[${CONTROLS}${INVISIBLE}${JOINERS}]`, 'gu')

const UNPRINTABLE = new RegExp(`[\\n${CONTROLS}${INVISIBLE}]`, 'gu')
/** Nearly every text is fine, which a test of 16-bit units finds out fastest. */
const SUSPECT = new RegExp(
  '[^\\t\\x20-\\x7e\\xa0-\\u061b\\u061d-\\u180d\\u180f-\\u200a\\u200c\\u200d\\u2010-\\u2027' +
    '\\u202f-\\u205f\\u2070-\\udb3f\\udb41-\\ufefe\\uff00-\\ufff8\\ufffc-\\uffff]',
)

/** One line of text with nothing in it that acts on a terminal or cannot be seen; tabs stay. */
export function plain(text: string): string {
  return SUSPECT.test(text) ? text.replace(ESCAPE_SEQUENCES, '').replace(UNPRINTABLE, '') : text
}
