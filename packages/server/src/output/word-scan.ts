export interface ScannedWords {
  /** Lower-case words that count wherever they stand, also in the middle of another. */
  readonly within: readonly string[]
  /** Words that count if no letter, digit or `_` is next to them. */
  readonly whole?: readonly string[]
  /** Words that count if none follows them. */
  readonly ending?: readonly string[]
}

interface Word {
  readonly text: string
  /** No word character may stand before it. */
  readonly begins: boolean
  /** None may follow it. */
  readonly ends: boolean
}

/**
 * Tells whether a text holds one of many words, whatever their case, in one step for each character: an
 * automaton of all of them (Aho and Corasick's). An expression tries its alternatives one after the other
 * at each place; 100 of them take ten times as long.
 */
export function createWordScan({
  within,
  whole = [],
  ending = [],
}: ScannedWords): (text: string) => boolean {
  const words: Word[] = [
    ...within.map((text) => ({ text, begins: false, ends: false })),
    ...whole.map((text) => ({ text, begins: true, ends: true })),
    ...ending.map((text) => ({ text, begins: false, ends: true })),
  ]
  const classes = classesOf(words)
  const { steps, found, firstFound } = automaton(words, classes)
  return (text) => {
    let state = 0
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      state = steps[state + (code < ASCII ? (classes[code] as number) : 0)] as number
      if (state >= firstFound && stands(found.get(state), text, at + 1)) return true
    }
    return false
  }
}

const ASCII = 128
/** Places of rows are 16 bits. */
const MOST = 2 ** 16

/** True if one of the words that end here has the neighbours that it may have. */
function stands(words: readonly Word[] = [], text: string, end: number): boolean {
  return words.some(
    ({ text: { length }, begins, ends }) =>
      !(begins && isInWord(text, end - length - 1)) && !(ends && isInWord(text, end)),
  )
}

function isInWord(text: string, at: number): boolean {
  return /\w/.test(text.charAt(at))
}

/** A number for each character of the words, the same for both cases, and 0 for all others. */
function classesOf(words: readonly Word[]): Uint8Array {
  const classes = new Uint8Array(ASCII)
  const characters = new Set(words.flatMap(({ text }) => [...text]))
  for (const [i, character] of [...characters].entries()) {
    classes[character.charCodeAt(0)] = i + 1
    classes[character.toUpperCase().charCodeAt(0)] = i + 1
  }
  return classes
}

interface State {
  readonly next: Map<number, State>
  /** The state of the longest beginning of a word that what was read so far ends with. */
  fallback: State | undefined
  words: readonly Word[]
}

/**
 * `steps[state + class]` is the next state, as the place of its row. The states from `firstFound` on are
 * those in which a word has been read.
 */
function automaton(words: readonly Word[], classes: Uint8Array) {
  const states = linked(rootOf(words, classes))
  const ordered = [
    ...states.filter((state) => state.words.length === 0),
    ...states.filter((state) => state.words.length > 0),
  ]
  const width = Math.max(...classes) + 1
  const rows = new Map(ordered.map((state, i) => [state, i * width]))
  const rowOf = (state: State) => rows.get(state) as number
  if (ordered.length * width > MOST) throw new Error('there are too many words for one scan')
  // With 32 bits a step takes twice as long.
  const steps = new Uint16Array(ordered.length * width)
  // A fallback is nearer to the root, so its row is there already.
  for (const state of states) {
    const row = rowOf(state)
    if (state.fallback) {
      const back = rowOf(state.fallback)
      steps.copyWithin(row, back, back + width)
    }
    for (const [letter, next] of state.next) steps[row + letter] = rowOf(next)
  }
  const found = new Map(ordered.map((state) => [rowOf(state), state.words]))
  const first = ordered.find((state) => state.words.length > 0)
  return { steps, found, firstFound: first ? rowOf(first) : steps.length }
}

/** The words as a tree, a state for each of their beginnings. */
function rootOf(words: readonly Word[], classes: Uint8Array): State {
  const root = stateAfter(undefined)
  for (const word of words) {
    let state = root
    for (const character of word.text) {
      const letter = classes[character.charCodeAt(0)] as number
      const next = state.next.get(letter) ?? stateAfter(root)
      state.next.set(letter, next)
      state = next
    }
    state.words = [...state.words, word]
  }
  return root
}

function stateAfter(fallback: State | undefined): State {
  return { next: new Map(), fallback, words: [] }
}

/** All states in the order of their depth, each with its fallback and the words that end there, too. */
function linked(root: State): State[] {
  const states = [root]
  for (const state of states) {
    for (const [letter, next] of state.next) {
      let back = state.fallback
      while (back && !back.next.has(letter)) back = back.fallback
      next.fallback = back?.next.get(letter) ?? root
      next.words = [...next.words, ...next.fallback.words]
      states.push(next)
    }
  }
  return states
}
