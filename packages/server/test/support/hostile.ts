/** Texts that are as hard as can be for a pattern, made from the pattern itself. */

/** All patterns within a table: its own, and those in its rows. */
export function patternsIn(value: unknown, seen = new Set<unknown>()): RegExp[] {
  if (value instanceof RegExp) return [value]
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  return Object.values(value).flatMap((inner) => patternsIn(inner, seen))
}

const FILLERS = [...'aA0-_./:@ "\\=)+%\'<\t\n', '\\"', 'x1', ', ']

/**
 * Ways to write a text of a given size: a piece again and again, a piece and nothing but a filler,
 * and either with an end that makes a match fail late.
 */
export function hostileTexts(pieces: readonly string[]): ((size: number) => string)[] {
  const filled = pieces.flatMap((piece) =>
    FILLERS.flatMap((filler) => [
      (size: number) => (piece + filler).repeat(Math.ceil(size / (piece + filler).length)),
      (size: number) => piece + filler.repeat(Math.ceil(size / filler.length)),
    ]),
  )
  return filled.map((text) => (size) => `${text(size)}\u00a7 x"`)
}

/** Words that a pattern's source spells out, alone and one behind the other. */
export function wordsOf({ source }: RegExp): string[] {
  const spelt = source
    .replace(/\\[nrt]/g, ' ')
    .replace(/\\[bBdDsSwW]/g, '\0')
    .replace(/\[(?:\\.|[^\]\\])*\]/g, '\0')
    .replace(/\{\d+(?:,\d*)?\}/g, '\0')
    .replace(/\(\?<?[:=!]/g, '\0')
    .replace(/\\(.)/g, '$1')
  const words = spelt.split(/[\0()|*+?^$]+/).filter((word) => word.length > 1)
  return [...new Set([...words, words.join(' '), words.join('')])].filter(Boolean)
}
