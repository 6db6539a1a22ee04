import type { Hump } from '../hump.js'
import { humpsOf } from '../words.js'
import { storedWord } from './stored-word.js'

/** The most words that are stored of one entry. */
const MOST_WORDS = 5000

/**
 * Every word that a query may find in these texts: the spans of their humps, each once, as they are
 * stored. Undefined for texts with too many, which an index must offer for every query.
 */
export function wordsOf(texts: readonly string[]): Set<string> | undefined {
  const words = new Set<string>()
  for (const text of texts) {
    const humps = humpsOf(text)
    for (let from = 0; from < humps.length; from += 1) {
      addSpans(words, humps, from)
      if (words.size > MOST_WORDS) return undefined
    }
  }
  return words
}

/** The spans that begin at a hump: up to the last one of its run. */
function addSpans(words: Set<string>, humps: readonly Hump[], from: number): void {
  let span = ''
  for (let at = from; at < humps.length; at += 1) {
    const { text, last } = humps[at] as Hump
    span += text
    words.add(storedWord(span))
    if (last) return
  }
}
