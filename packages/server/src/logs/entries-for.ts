/**
 * How many entries of this size fill a page, with one more for the entry that a page begins with to show
 * that the list is the same. A power of two where they are many, so that readers at the same place ask
 * for the same, and share what is read. Never more: what does not fit is read again.
 */
export function entriesFor(size: number, page: number, most: number): number {
  const enough = 1 + page / size
  return Math.min(most, enough < 8 ? Math.ceil(enough) : 2 ** Math.floor(Math.log2(enough)))
}

/** The mean length of texts, of which there is at least one. */
export function meanLength(texts: readonly { readonly length: number }[]): number {
  let length = 0
  for (const text of texts) length += text.length
  return length / texts.length
}
