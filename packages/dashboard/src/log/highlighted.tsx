import type { ComponentChildren } from 'preact'
import { type Piece, piecesOf } from './ansi.js'

/** Log text in its terminal colours, with every match of the search marked. */
export function highlighted(text: string, needle: string): ComponentChildren {
  return piecesOf(text).map((piece, i) => highlightedPiece(piece, needle, i))
}

function highlightedPiece({ text, style }: Piece, needle: string, key: number) {
  const content = needle === '' ? text : withMarks(text, needle)
  return style === '' && content === text ? (
    text
  ) : (
    <span key={key} class={style || undefined}>
      {content}
    </span>
  )
}

function withMarks(text: string, needle: string): ComponentChildren {
  const lower = text.toLowerCase()
  // Where the lower case has another length, its offsets are not those of the text.
  if (lower.length !== text.length) return text
  const parts: ComponentChildren[] = []
  let from = 0
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>)
    from = at + needle.length
  }
  return parts.length === 0 ? text : [...parts, text.slice(from)]
}
