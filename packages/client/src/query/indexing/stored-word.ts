/** Longer words are stored by their beginning: nobody writes them out, and each takes its room. */
const LONGEST = 128
const BEGINNING = 64

/** A word as an index stores it. */
export function storedWord(word: string): string {
  return word.length > LONGEST ? beginningOf(word) : word
}

/** The part of a word that every stored form of it begins with. */
export function beginningOf(word: string): string {
  if (word.length <= BEGINNING) return word
  // Not within a surrogate pair.
  const unit = word.charCodeAt(BEGINNING - 1)
  return word.slice(0, unit >= 0xd800 && unit <= 0xdbff ? BEGINNING - 1 : BEGINNING)
}

/** True if no longer word is stored as this one. */
export function isUnmistakable(word: string): boolean {
  return word.length < BEGINNING - 1
}
