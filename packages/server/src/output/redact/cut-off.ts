/**
 * Masks the beginning of a token at a text's end that goes on elsewhere: what is masked with more of
 * it, and not without.
 */
export function maskBeginning(text: string, redact: (text: string) => string): string {
  for (const more of ENDINGS) {
    const whole = redact(text + more)
    const kept = commonStart(text, whole)
    // Where all of the text is kept, it is only the ending that is masked, if anything.
    if (kept === text.length || !whole.startsWith(HIDDEN, kept)) continue
    if (more.endsWith(whole.slice(kept + HIDDEN.length))) return text.slice(0, kept) + HIDDEN
  }
  return text
}

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

const HIDDEN = '***'

/** How tokens go on: with letters and digits, in parts, in upper case, in hexadecimal. */
const ENDINGS = [
  'q7Wk2ZpR9xLm4TvB8nYc3JdHs6Gf1Kq7Wk2ZpR9xLm4TvB8nYc3JdHs6Gf1Kq7Wk2ZpR9xLm4T',
  'q7Wk2ZpR9x.q7Wk2ZpR9xLm4TvB8nY.c3JdHs6Gf1Kq7Wk2ZpR9xLm4',
  'Q7WKZPR2XLM4TVB5NYC3JDHS6GF7K',
  '3f9a0c71b5e2d8463f9a0c71b5e2d8463f9a0c71b5e2d8463f9a0c71b5e2d8463f9a0c71b5e2',
]
