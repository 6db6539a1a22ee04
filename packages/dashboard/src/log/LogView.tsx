import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { Connection } from '../parts/Connection.js'
import { counted } from '../parts/counts.js'
import { Dialog } from '../parts/Dialog.js'
import { VirtualRows } from '../parts/VirtualRows.js'
import { KEYS, onKey } from './keys.js'
import { foldOf, LogLine } from './LogLine.js'
import { createReading, type Reading } from './reading.js'
import { timeStyle, wrap } from './settings.js'
import type { Line, Log } from './state.js'
import { Tools } from './Tools.js'
import { createView, type View } from './view.js'

/** As in the style sheet, in pixels: a line's height, a character's width, what is before it. */
const LINE = 20
const CHARACTER = 7.3
const BEFORE = 230

/** The log of a node: all of its lines, live. `start` is when the launch began, in ms since 1970. */
export function LogView({ log, nodeId, start }: { log: Log; nodeId: string; start: number }) {
  const { view, reading } = useMemo(() => {
    const view = createView(log)
    return { view, reading: createReading(log, view, nodeId) }
  }, [log, nodeId])
  const frame = useRef<HTMLElement>(null)
  const searchField = useRef<HTMLInputElement>(null)
  const help = useSignal(false)

  useEffect(() => {
    const toSearch = () => searchField.current?.select()
    const toHelp = () => {
      help.value = true
    }
    const pressed = (event: KeyboardEvent) => onKey(event, { reading, toSearch, toHelp })
    // What is selected must not move away.
    const selected = () => {
      const selection = document.getSelection()
      if (!selection || selection.isCollapsed) return
      const within = frame.current?.querySelector('.lines')?.contains(selection.anchorNode)
      if (within) reading.following.value = false
    }
    document.addEventListener('keydown', pressed)
    document.addEventListener('selectionchange', selected)
    return () => {
      document.removeEventListener('keydown', pressed)
      document.removeEventListener('selectionchange', selected)
      reading.stop()
      view.stop()
    }
  }, [reading, view, help])

  return (
    <section class="log" aria-label="Log" ref={frame}>
      <Tools
        {...{ view, reading, nodeId, searchField }}
        onHelp={() => {
          help.value = true
        }}
      />
      <Lines {...{ log, view, reading, start }} />
      <Foot {...{ log, view, reading }} />
      <Dialog title="Keys" open={help}>
        <dl class="keys">
          {KEYS.map(({ key, does }) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </section>
  )
}

interface LinesProps {
  log: Log
  view: View
  reading: Reading
  start: number
}

function Lines({ log, view, reading, start }: LinesProps) {
  const columns = useSignal(120)
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = frame.current as HTMLDivElement
    const observer = new ResizeObserver(() => {
      columns.value = Math.max(20, Math.floor((element.clientWidth - BEFORE) / CHARACTER))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [columns])

  void view.changes.value
  const range = reading.chosen.value
  const current = reading.current.value
  return (
    <div class="lines-frame" ref={frame}>
      <VirtualRows
        count={view.rows.length}
        version={`${view.era.value} ${wrap.value ? columns.value : 'no'}`}
        estimate={estimate}
        following={reading.following}
        handle={reading.rows}
        box={{
          class: 'lines',
          role: 'log',
          // A reader is told where the launch is, not every line of it.
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
              needle={view.needle.value}
              open={reading.open.value.has(index)}
              chosen={range !== undefined && index >= range[0] && index <= range[1]}
              current={row === current}
              onChoose={reading.choose}
              onFold={reading.fold}
            />
          )
        }}
      </VirtualRows>
      {log.length.value === 0 && <Empty log={log} />}
    </div>
  )

  function estimate(row: number): number {
    if (!wrap.value) return LINE
    return LINE * Math.max(1, Math.ceil(foldOf(view.rows[row] as Line).head.length / columns.value))
  }
}

const NOTHING = {
  live: 'Nothing has come yet.',
  rounds: 'Nothing has come yet.',
  over: 'This log is no longer kept.',
  waiting: 'The server cannot be reached.',
} as const

function Empty({ log }: { log: Log }) {
  const { state } = log.link.value
  if (state === 'connecting') return null
  return <p class="empty">{NOTHING[state]}</p>
}

function Foot({ log, view, reading }: { log: Log; view: View; reading: Reading }) {
  void view.changes.value
  const shown = view.rows.length
  const all = log.length.value
  return (
    <div class="foot">
      <Connection state={log.link.value} label="Log" />
      <span>{shown === all ? linesOf(all) : `${counted(shown)} of ${linesOf(all)}`}</span>
      <span class="fault">{log.notice.value}</span>
      <span role="status">{reading.said.value}</span>
      <span class="space" />
      <span class="hidden" aria-live="polite" data-told>
        {log.told.value}
      </span>
      {reading.following.value ? (
        <span class="following">{log.link.value.state === 'over' ? '' : 'following'}</span>
      ) : (
        <button type="button" class="primary" onClick={reading.toLatest}>
          {reading.fresh.value > 0 ? `${counted(reading.fresh.value)} new ↓` : 'To the end ↓'}
        </button>
      )}
    </div>
  )
}

function linesOf(count: number): string {
  return count === 1 ? '1 line' : `${counted(count)} lines`
}
