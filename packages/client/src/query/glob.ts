import { ONE, STAR } from './tokens.js'

/** Tells whether a text equals a word with wildcards. */
export function createGlob(glob: string): (text: string) => boolean {
  if (glob.includes(ONE)) return letterByLetter(glob)
  const [first = '', ...others] = glob.split(STAR)
  const last = others.pop()
  if (last === undefined) return (text) => text === glob
  return (text) => {
    let at = first.length
    const end = text.length - last.length
    if (end < at || !text.startsWith(first) || !text.endsWith(last)) return false
    for (const part of others) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= end
  }
}

/**
 * The same for any word. It goes back to the last `*` alone, so it takes at most the product of the
 * two lengths.
 */
function letterByLetter(glob: string): (text: string) => boolean {
  const marks = [...glob]
  return (text) => {
    const letters = [...text]
    let mark = 0
    let at = 0
    /** The last star, and the first letter that it has not taken. */
    let star = -1
    let taken = 0
    while (at < letters.length) {
      if (marks[mark] === STAR) {
        star = mark
        taken = at
        mark += 1
      } else if (mark < marks.length && (marks[mark] === ONE || marks[mark] === letters[at])) {
        mark += 1
        at += 1
      } else if (star >= 0) {
        taken += 1
        at = taken
        mark = star + 1
      } else return false
    }
    while (marks[mark] === STAR) mark += 1
    return mark === marks.length
  }
}
