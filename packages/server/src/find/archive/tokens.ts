// No word begins with a sign, so no prefix of a word finds one of these.

/** Of an entry with too many words: it is offered for each of them. */
export const ANY_WORD = '=any'

export function valueToken(field: 'level' | 'phase', value: string): string {
  return `=${field[0]}${value}`
}

/** Of all entries of a list. */
export function launchToken(list: number): string {
  return `=n${list}`
}
