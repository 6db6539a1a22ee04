import type { ComponentChildren } from 'preact'
import { type TimeStyle, timeOf } from '../parts/times.js'
import type { Line } from './state.js'
import { inert, type Piece, piecesOf } from './text.js'

/** So much of a message stands in its line; the rest is folded away with the details. */
const LONGEST_LINE = 2000
/** So much of what was folded is shown; the download has all of it. */
const LONGEST_FOLD = 100_000

export interface LogLineProps {
  line: Line
  timeStyle: TimeStyle
  start: number
  /** In lower case; empty for none. */
  needle: string
  open: boolean
  chosen: boolean
  current: boolean
  onChoose: (index: number, further: boolean) => void
  onFold: (index: number) => void
}

/** One line of the log: text, whatever is in it. */
export function LogLine(props: LogLineProps) {
  const { line, timeStyle, start, needle, open, chosen, current, onChoose, onFold } = props
  const { entry, index, at } = line
  const { head, rest } = foldOf(line)
  const choose = (event: MouseEvent) => {
    event.preventDefault()
    onChoose(index, event.shiftKey)
  }
  return (
    <div
      class="line"
      data-index={index}
      data-level={entry.level}
      data-phase={entry.phase}
      data-chosen={chosen || undefined}
      data-current={current || undefined}
    >
      {/* By keyboard the lines are gone through with j and k; a hundred tab stops help nobody. */}
      <a
        class="number"
        tabIndex={-1}
        href={`${location.hash.split('?')[0]}?line=${index}`}
        onClick={choose}
      >
        {index + 1}
      </a>
      <time title={entry.timestamp}>{timeOf(at, timeStyle, start)}</time>
      <span class="level">{entry.level === 'info' ? '' : entry.level}</span>
      <span class="message">
        {piecesOf(head).map((piece, i) => marked(piece, needle, i))}
        {rest !== '' && (
          <button
            class="fold"
            type="button"
            tabIndex={-1}
            aria-expanded={open}
            onClick={() => onFold(index)}
          >
            {open ? 'less' : 'more'}
          </button>
        )}
        {open && rest !== '' && (
          <span class="details">
            {piecesOf(rest.slice(0, LONGEST_FOLD)).map((p, i) => marked(p, needle, i))}
          </span>
        )}
      </span>
    </div>
  )
}

/** What of an entry stands in its line, and what is folded away. */
export function foldOf({ entry: { message, details = '' } }: Line): { head: string; rest: string } {
  const end = message.search(/\r?\n/)
  const first = end < 0 ? message : message.slice(0, end)
  const below = end < 0 ? '' : message.slice(end).replace(/^\r?\n/, '')
  const beyond = first.slice(LONGEST_LINE)
  const rest = [beyond, below, details].filter(Boolean).join('\n').replaceAll('\r\n', '\n')
  return { head: first.slice(0, LONGEST_LINE), rest }
}

/** A piece with what was searched for marked. */
function marked({ text, style }: Piece, needle: string, key: number): ComponentChildren {
  const content = needle === '' ? text : parts(text, needle)
  return style === '' && content === text ? (
    text
  ) : (
    <span key={key} class={style || undefined}>
      {content}
    </span>
  )
}

function parts(text: string, needle: string): ComponentChildren {
  const lower = text.toLowerCase()
  // Where lower case has another length than the text, places in it mean nothing.
  if (lower.length !== text.length) return text
  const found: ComponentChildren[] = []
  let from = 0
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    found.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>)
    from = at + needle.length
  }
  return found.length === 0 ? text : [...found, text.slice(from)]
}

/** A line as it is copied. */
export function textOf({ entry }: Line): string {
  const level = entry.level === 'info' ? '' : `${entry.level.toUpperCase()} `
  const details = entry.details ? `\n    ${entry.details.replaceAll('\n', '\n    ')}` : ''
  return inert(`${entry.timestamp} ${entry.phase} ${level}${entry.message}${details}`)
}
