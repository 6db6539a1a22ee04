import { type TimeStyle, timeOf } from '../parts/times.js'
import { highlighted } from './highlighted.js'
import { foldOf, type Line } from './line.js'

/** So much of what is folded is shown; the download has all of it. */
const LONGEST_FOLD = 100_000

export interface LogLineProps {
  line: Line
  timeStyle: TimeStyle
  /** When the launch began, in ms since 1970. */
  start: number
  /** What is searched, in lower case; empty for nothing. */
  needle: string
  open: boolean
  chosen: boolean
  current: boolean
  onChoose: (index: number, extend: boolean) => void
  onFold: (index: number) => void
}

/** One line of the log. Whatever is in it stays text. */
export function LogLine(props: LogLineProps) {
  const { line, timeStyle, start, needle, open, chosen, current, onChoose, onFold } = props
  const { entry, index, at } = line
  const { head, rest } = foldOf(line)
  return (
    <div
      class="line"
      data-index={index}
      data-level={entry.level}
      data-phase={entry.phase}
      data-chosen={chosen || undefined}
      data-current={current || undefined}
    >
      {/* The keyboard goes from line to line with j and k; a hundred tab stops would help nobody. */}
      <a
        class="number"
        tabIndex={-1}
        href={`${location.hash.split('?')[0]}?line=${index}`}
        onClick={(event) => {
          event.preventDefault()
          onChoose(index, event.shiftKey)
        }}
      >
        {index + 1}
      </a>
      <time title={entry.timestamp}>{timeOf(at, timeStyle, start)}</time>
      <span class="level">{entry.level === 'info' ? '' : entry.level}</span>
      <span class="message">
        {highlighted(head, needle)}
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
          <span class="details">{highlighted(rest.slice(0, LONGEST_FOLD), needle)}</span>
        )}
      </span>
    </div>
  )
}
