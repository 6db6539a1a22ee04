/**
 * How many entries like these have so many characters, with one more for the entry that a page begins
 * with to show that the list is the same. A power of two where they are many, so that readers at the same
 * place ask for the same, and share what is read. Undefined where there is none to go by.
 */
export function entriesFor(
  texts: readonly { readonly length: number }[],
  characters: number,
  most: number,
): number | undefined {
  if (texts.length === 0) return undefined
  let length = 0
  for (const text of texts) length += text.length
  const enough = 1 + (characters * texts.length) / length
  return Math.min(most, enough < 8 ? Math.ceil(enough) : 2 ** Math.ceil(Math.log2(enough)))
}
