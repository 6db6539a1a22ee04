import type { ComponentChildren } from 'preact'
import { type Piece, piecesOf } from './ansi.js'
import type { Marker } from './finder.js'

/** Log text in its terminal colours, with every match of the search marked. */
export function highlighted(text: string, marks: Marker | undefined): ComponentChildren {
  return piecesOf(text).map((piece, i) => highlightedPiece(piece, marks, i))
}

function highlightedPiece({ text, style }: Piece, marks: Marker | undefined, key: number) {
  const content = marks ? withMarks(text, marks) : text
  return style === '' && content === text ? (
    text
  ) : (
    <span key={key} class={style || undefined}>
      {content}
    </span>
  )
}

function withMarks(text: string, marks: Marker): ComponentChildren {
  const parts: ComponentChildren[] = []
  let end = 0
  for (const [from, to] of marks(text)) {
    parts.push(text.slice(end, from), <mark key={from}>{text.slice(from, to)}</mark>)
    end = to
  }
  return parts.length === 0 ? text : [...parts, text.slice(end)]
}
