/**
 * Splits a command line into words as a shell does, without expanding anything: `$`, backquotes, `*` and
 * `;` are ordinary characters. Throws an error whose message continues a sentence.
 */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; ) {
    const char = line[at] as string
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
      at += 1
    } else if (char === "'" || char === '"') {
      const { text, end } = quoted(line, at)
      word = (word ?? '') + text
      at = end
    } else {
      const escaped = char === '\\' && at + 1 < line.length
      word = (word ?? '') + (escaped ? line[at + 1] : char)
      at += escaped ? 2 : 1
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** The text between the quotes that begin here, and where they end. */
function quoted(line: string, from: number): { text: string; end: number } {
  const quote = line[from] as string
  let text = ''
  for (let at = from + 1; at < line.length; at += 1) {
    const char = line[at] as string
    if (char === quote) return { text, end: at + 1 }
    const next = line[at + 1]
    const escapes = quote === '"' && char === '\\' && (next === '"' || next === '\\')
    text += escapes ? next : char
    if (escapes) at += 1
  }
  throw new Error(`has a ${quote} that nothing closes`)
}
