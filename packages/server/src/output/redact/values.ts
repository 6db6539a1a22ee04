export interface Value {
  readonly from: number
  readonly to: number
}

const QUOTE = /(\\{0,3})(["'`])/y
const BARE = /[^\s"'`]*/y

/** The value that begins at a place of a text: what is quoted there, or the word. */
export function valueAt(text: string, at: number): Value {
  QUOTE.lastIndex = at
  const quote = QUOTE.exec(text)
  if (quote) {
    const from = at + quote[0].length
    return { from, to: closing(text, from, quote[2] as string, (quote[1] as string).length) }
  }
  BARE.lastIndex = at
  const to = at + (BARE.exec(text)?.[0].length ?? 0)
  // A backslash here belongs to the quote that follows.
  let end = to
  while (end > at && text[end - 1] === '\\' && to < text.length) end--
  return { from: at, to: end }
}

/**
 * Where the quoted value ends; one without an end goes on to the text's. A quote within the value
 * has more backslashes than the one that opened it: in JSON within JSON `\"` closes, `\\\"` does not.
 */
function closing(text: string, from: number, quote: string, depth: number): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let backslashes = 0
    while (at - backslashes > from && text[at - backslashes - 1] === '\\') backslashes++
    if (backslashes % (2 * (depth + 1)) !== depth) continue
    // The shell's way to write a quote within quotes.
    if (text.startsWith(`\\''`, at + 1)) at += 3
    else if (text.startsWith(`"'"'`, at + 1)) at += 4
    else return at - depth
  }
  return text.length
}
