import { placeIn } from '@launchtail/client/protocol'
import { type TimeStyle, timeOf } from '../parts/times.js'
import type { Marker } from './finder.js'
import { highlighted } from './highlighted.js'
import { foldOf, isQuiet, type Line } from './line.js'
import { NameCause } from './NameCause.js'

/** So much of what is folded is shown; the download has all of it. */
const LONGEST_FOLD = 100_000

export interface LogLineProps {
  line: Line
  timeStyle: TimeStyle
  /** When the launch began, in ms since 1970. */
  start: number
  /** Marks what the search has found; undefined where nothing is searched. */
  marks: Marker | undefined
  open: boolean
  chosen: boolean
  current: boolean
  /** Whether it made the launch fail, and who says so; undefined while the launch has not failed. */
  cause: 'none' | 'read' | 'named' | undefined
  onChoose: (index: number, extend: boolean) => void
  onFold: (index: number) => void
  onName: (index: number) => void
}

/** One line of the log. Whatever is in it stays text. */
export function LogLine(props: LogLineProps) {
  const { line, timeStyle, start, marks, open, chosen, current, cause, onFold } = props
  const { entry, index, at } = line
  const place = placeIn(entry.details)
  const isAtHand = chosen || current
  return (
    <div
      class="line"
      data-index={index}
      data-level={entry.level}
      data-phase={entry.phase}
      data-chosen={chosen || undefined}
      data-current={current || undefined}
      data-cause={cause === 'none' ? undefined : cause}
    >
      {/* The keyboard goes from line to line with j and k; a hundred tab stops would help nobody. */}
      <a
        class="number"
        tabIndex={-1}
        href={`${location.hash.split('?')[0]}?line=${index}`}
        onClick={(event) => {
          event.preventDefault()
          props.onChoose(index, event.shiftKey)
        }}
      >
        {index + 1}
      </a>
      <time title={entry.timestamp}>{timeOf(at, timeStyle, start)}</time>
      <span class="level">{entry.level === 'info' ? '' : entry.level}</span>
      {place !== '' && <span class="place">{highlighted(place, marks)}</span>}
      <Message line={line} marks={marks} open={open} onFold={onFold} />
      <span class="acts">
        {isQuiet(line) && (
          <Fold index={index} open={open} onFold={onFold} tabIndex={isAtHand ? 0 : -1} />
        )}
        {cause === 'none' && (
          <NameCause index={index} onName={props.onName} tabIndex={isAtHand ? 0 : -1} />
        )}
      </span>
      {(cause === 'read' || cause === 'named') && (
        <span class="cause">{cause === 'named' ? 'cause, named by hand' : 'cause'}</span>
      )}
    </div>
  )
}

type MessageProps = Pick<LogLineProps, 'line' | 'marks' | 'open' | 'onFold'>

/** The words of a line, with what is folded away. */
function Message({ line, marks, open, onFold }: MessageProps) {
  const { head, rest } = foldOf(line)
  return (
    <span class="message">
      {highlighted(head, marks)}
      {rest !== '' && !isQuiet(line) && (
        <Fold index={line.index} open={open} onFold={onFold} tabIndex={-1} />
      )}
      {open && rest !== '' && (
        <span class="details">{highlighted(rest.slice(0, LONGEST_FOLD), marks)}</span>
      )}
    </span>
  )
}

interface FoldProps extends Pick<LogLineProps, 'open' | 'onFold'> {
  index: number
  tabIndex: number
}

/** Shows what is folded away, and hides it again. */
function Fold({ index, open, onFold, tabIndex }: FoldProps) {
  return (
    <button
      class="fold"
      type="button"
      tabIndex={tabIndex}
      aria-expanded={open}
      onClick={() => onFold(index)}
    >
      {open ? 'less' : 'more'}
    </button>
  )
}
