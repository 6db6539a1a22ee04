/**
 * Text with nothing in it that acts on a terminal: escape sequences (colours, links, titles,
 * clipboard), control characters but tab, and the marks that turn the writing direction.
 */
export function plain(text: string): string {
  return SUSPECT.test(text) ? text.replace(SEQUENCES, '').replace(CONTROLS, '') : text
}

const SUSPECT = /[^\t\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ufffd]/
/** CSI, then OSC/DCS/SOS/PM/APC up to their terminator (or the text's end), then two-byte ones. */
const SEQUENCES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
