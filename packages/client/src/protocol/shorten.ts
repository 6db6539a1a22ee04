/** The most characters that a failure's message, or a message in a list of nodes, has. */
const MOST_SHOWN = 300

const COMMA = ', '
const LEFT_OUT = '… '
/** An item of a list is not longer, or it is a sentence. */
const LONGEST_ITEM = 80
const HALF_A_CHARACTER = /[\ud800-\udbff]$/

/**
 * A text of at most so many characters. Where a list makes it long, such as one of 200 versions, the
 * list's middle is left out, because what comes before and after it tells more; else the end is.
 */
export function shorten(text: string, most = MOST_SHOWN): string {
  const trimmed = text.trim()
  if (trimmed.length <= most) return trimmed
  const { from, to } = longestList(trimmed)
  const surplus = trimmed.length - most + LEFT_OUT.length
  if (to - from > surplus + 2 * LONGEST_ITEM) {
    const keep = (to - from - surplus) / 2
    const cutAt = trimmed.lastIndexOf(COMMA, from + keep - COMMA.length) + COMMA.length
    const goOn = trimmed.indexOf(COMMA, to - keep) + COMMA.length
    return trimmed.slice(0, cutAt) + LEFT_OUT + trimmed.slice(goOn)
  }
  return `${trimmed.slice(0, most - 1).replace(HALF_A_CHARACTER, '')}…`
}

/** The longest run of short items with a comma behind each. */
function longestList(text: string): { from: number; to: number } {
  let longest = { from: 0, to: 0 }
  let from = 0
  let last = 0
  for (let at = text.indexOf(COMMA); at !== -1; at = text.indexOf(COMMA, at + 1)) {
    if (at - last > LONGEST_ITEM) from = at
    last = at
    if (at - from > longest.to - longest.from) longest = { from, to: at }
  }
  return longest
}
