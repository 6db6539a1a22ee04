import { ApiError, type LogEntry } from '@launchtail/client'
import { parseCursor } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import { hrefOf } from '../address.js'
import type { Marker } from '../log/finder.js'
import { highlighted } from '../log/highlighted.js'
import { inert } from '../parts/inert.js'
import { type Context, contextOf } from './context.js'
import type { Shown } from './live.js'
import { timeFormat } from './time-format.js'

export interface HitRowProps {
  hit: Shown
  name: string
  marks: Marker | undefined
}

/** Characters of a message that are shown; the log has all of it. */
const LONGEST = 1000

/** An entry that was found, with the way to its place in its log. */
export function HitRow({ hit, name, marks }: HitRowProps) {
  const context = useSignal<Context | undefined>(undefined)
  const fault = useSignal('')
  const line = String(parseCursor(hit.cursor ?? '')?.index ?? '')
  const toggle = async () => {
    if (context.peek()) {
      context.value = undefined
      return
    }
    try {
      context.value = await contextOf(hit)
      fault.value = ''
    } catch (error) {
      fault.value = wordsOf(error)
    }
  }
  return (
    <li class="hit">
      <Neighbours entries={context.value?.before} />
      <div class="entry found-entry" data-level={hit.level} data-phase={hit.phase}>
        <time title={hit.timestamp}>{timeFormat(Date.parse(hit.timestamp))}</time>
        <a class="node-link" href={hrefOf(['nodes', hit.node_id], { line })} title={hit.node_id}>
          {inert(name)}
        </a>
        <span class="level">{hit.level === 'info' ? '' : hit.level}</span>
        <Words entry={hit} marks={marks} />
        <button
          type="button"
          class="fold"
          aria-expanded={context.value !== undefined}
          onClick={() => void toggle()}
        >
          {context.value ? 'less' : 'context'}
        </button>
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <Neighbours entries={context.value?.after} />
    </li>
  )
}

function Neighbours({ entries = [] }: { entries: readonly LogEntry[] | undefined }) {
  return (
    <>
      {entries.map((entry, i) => (
        <div key={i} class="entry neighbour" data-level={entry.level} data-phase={entry.phase}>
          <time title={entry.timestamp}>{timeFormat(Date.parse(entry.timestamp))}</time>
          <span class="node-link" />
          <span class="level">{entry.level === 'info' ? '' : entry.level}</span>
          <Words entry={entry} marks={undefined} />
        </div>
      ))}
    </>
  )
}

function Words({
  entry: { message, details },
  marks,
}: { entry: LogEntry } & Pick<HitRowProps, 'marks'>) {
  const isInDetails =
    details !== undefined && marks && marks(message).length === 0 && marks(details).length > 0
  return (
    <span class="message">
      {highlighted(message.slice(0, LONGEST), marks)}
      {isInDetails && <span class="details">{highlighted(details.slice(0, LONGEST), marks)}</span>}
    </span>
  )
}

function wordsOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 410) {
    return 'The log it was in has been replaced by that of a newer launch.'
  }
  return (error as Error).message
}
