import { ESCAPE_SEQUENCES } from '@launchtail/client/protocol'
import { inert } from '../parts/inert.js'
import { applySgr } from './sgr.js'

/** A piece of a line in one style. */
export interface Piece {
  readonly text: string
  /** Class names: `ansi-1`, `ansi-31` … */
  readonly style: string
}

/**
 * Splits a text by its terminal colours. Every other sequence is removed: what a terminal would show
 * as a link is plain text here. The pieces are text and class names, so no log can become markup.
 */
export function piecesOf(text: string): Piece[] {
  if (!text.includes('\x1b')) return [{ text: inert(text), style: '' }]
  const pieces: Piece[] = []
  let codes = new Set<number>()
  let from = 0
  for (const match of text.matchAll(ESCAPE_SEQUENCES)) {
    add(text.slice(from, match.index))
    from = match.index + match[0].length
    if (match[2] === 'm') codes = applySgr(codes, (match[1] ?? '').split(/[;:]/).map(Number))
  }
  add(text.slice(from))
  return pieces

  function add(part: string): void {
    if (part === '') return
    const style = [...codes].map((code) => `ansi-${code}`).join(' ')
    pieces.push({ text: inert(part), style })
  }
}

/** The text as it is shown, without colours: this is what a search looks through. */
export function withoutSequences(text: string): string {
  return inert(text.includes('\x1b') ? text.replace(ESCAPE_SEQUENCES, '') : text)
}
