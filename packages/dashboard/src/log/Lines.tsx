import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { VirtualRows } from '../parts/VirtualRows.js'
import { chosen } from './chosen.js'
import type { Controls } from './controls.js'
import { LogLine } from './LogLine.js'
import { foldOf, type Line } from './line.js'
import type { Naming } from './naming.js'
import { timeStyle, wrap } from './settings.js'
import type { Log } from './state.js'
import type { View } from './view.js'

/** A line's height, a character's width and what stands before the message, as in the style sheet. */
const LINE = 20
const CHARACTER = 7.3
const BEFORE = 230

export interface LinesProps {
  log: Log
  view: View
  controls: Controls
  start: number
  naming: Naming | undefined
}

/** The lines that are visible. */
export function Lines({ log, view, controls, start, naming }: LinesProps) {
  const { position, folds, chooseLine, nameCause } = controls
  const { frame, columns } = useColumns()
  void view.changes.value
  const range = chosen.value
  return (
    <div class="lines-frame" ref={frame}>
      <VirtualRows
        count={view.rows.length}
        version={`${view.era.value} ${wrap.value ? columns : 'no'}`}
        estimate={(row) => (wrap.value ? wrappedHeight(view.rows[row] as Line, columns) : LINE)}
        following={position.following}
        handle={position.rows}
        box={{
          class: 'lines',
          role: 'log',
          // A screen reader is told how far the launch is, not every line of it.
          'aria-live': 'off',
          'aria-label': 'Lines of the log',
          tabIndex: 0,
          'data-wrap': wrap.value ? '' : undefined,
        }}
      >
        {(row) => {
          const line = view.rows[row] as Line
          const { index } = line
          return (
            <LogLine
              key={index}
              line={line}
              timeStyle={timeStyle.value}
              start={start || (log.lines[0]?.at ?? 0)}
              marks={view.finder.value?.marks}
              open={folds.open.value.has(index)}
              chosen={range !== undefined && index >= range[0] && index <= range[1]}
              current={row === position.current.value}
              onChoose={chooseLine}
              onFold={folds.toggle}
              cause={naming && (naming.cause === index ? causeOf(naming) : 'none')}
              onName={nameCause}
            />
          )
        }}
      </VirtualRows>
      {log.length.value === 0 && <Empty log={log} />}
    </div>
  )
}

/** How many characters of a message fit into a line. */
function useColumns() {
  const frame = useRef<HTMLDivElement>(null)
  const columns = useSignal(120)
  useEffect(() => {
    const element = frame.current as HTMLDivElement
    const observer = new ResizeObserver(() => {
      columns.value = Math.max(20, Math.floor((element.clientWidth - BEFORE) / CHARACTER))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [columns])
  return { frame, columns: columns.value }
}

function causeOf({ byHand }: Naming) {
  return byHand ? 'named' : 'read'
}

function wrappedHeight(line: Line, columns: number): number {
  return LINE * Math.max(1, Math.ceil(foldOf(line).head.length / columns))
}

const NOTHING = {
  live: 'Nothing has been logged yet.',
  polling: 'Nothing has been logged yet.',
  over: 'This log is no longer kept.',
  waiting: 'The server cannot be reached.',
} as const

function Empty({ log }: { log: Log }) {
  const { state } = log.connection.value
  if (state === 'connecting') return null
  return <p class="empty">{NOTHING[state]}</p>
}
