import { createGlob } from './glob.js'
import type { Hump } from './hump.js'
import type { Token } from './tokens.js'

/** The humps between which words were found, the second without itself. */
export interface FoundWords {
  readonly from: number
  readonly to: number
}

/** Finds words that stand next to each other, at a hump or after it. */
export type WordFinder = (humps: readonly Hump[], from?: number) => FoundWords | undefined

/** Finds these words, in this order, with nothing but signs between them. */
export function wordFinder(tokens: readonly Token[]): WordFinder {
  const endOf = tokens.some(({ hasWildcards }) => hasWildcards)
    ? endOfGlobs(tokens)
    : endOfWords(tokens.map(({ text }) => text))
  return (humps, from = 0) => {
    for (let at = from; at < humps.length; at += 1) {
      const to = endOf(humps, at)
      if (to > at) return { from: at, to }
    }
    return undefined
  }
}

/** The place behind the words that begin at a hump; -1 where they do not begin there. */
type End = (humps: readonly Hump[], at: number) => number

/** A word ends at one place at most. */
function endOfWords(words: readonly string[]): End {
  return (humps, at) => {
    let end = at
    for (const word of words) {
      end = endOfWord(word, humps, end)
      if (end < 0) return -1
    }
    return end
  }
}

/** The place behind the span that begins at a hump and equals the word. */
function endOfWord(word: string, humps: readonly Hump[], from: number): number {
  let length = 0
  for (let at = from; at < humps.length; at += 1) {
    const { text, last } = humps[at] as Hump
    if (!word.startsWith(text, length)) return -1
    length += text.length
    if (length === word.length) return at + 1
    if (last) return -1
  }
  return -1
}

/** A word with wildcards may end at several places, and each of them is followed. */
function endOfGlobs(tokens: readonly Token[]): End {
  const steps = tokens.map(({ text, hasWildcards }) =>
    hasWildcards ? endsOfGlob(text) : endsOfWord(text),
  )
  const [only, ...others] = steps
  if (only && others.length === 0) return (humps, at) => only(humps, at).at(-1) ?? -1
  return (humps, at) => {
    let reached = new Set([at])
    for (const step of steps) {
      reached = new Set([...reached].flatMap((from) => step(humps, from)))
    }
    return Math.max(-1, ...reached)
  }
}

type Ends = (humps: readonly Hump[], from: number) => number[]

function endsOfWord(word: string): Ends {
  return (humps, from) => {
    const end = endOfWord(word, humps, from)
    return end < 0 ? [] : [end]
  }
}

function endsOfGlob(glob: string): Ends {
  const matches = createGlob(glob)
  return (humps, from) => {
    const ends: number[] = []
    let span = ''
    for (let at = from; at < humps.length; at += 1) {
      const { text, last } = humps[at] as Hump
      span += text
      if (matches(span)) ends.push(at + 1)
      if (last) break
    }
    return ends
  }
}
