import type { DoneEvent, GapEvent, LogEntry, StreamEvent } from '@launchtail/client'
import { signal } from '@preact/signals'
import type { Link } from '../hub/link.js'
import type { ConnectionState } from '../hub/messages.js'
import { createAnnouncer } from './announcer.js'
import { type Line, lineOf } from './line.js'

export type Log = ReturnType<typeof createLog>

const STORAGE = 'The server cannot reach its storage. The log continues when it can.'

/** A node's log in this tab: all of its lines, and how it is connected. */
export function createLog({ nodeId, link }: { nodeId: string; link: Link }) {
  const lines: Line[] = []
  /** How many lines there are; tells that some have come. */
  const length = signal(0)
  /** Grows when the list has become another one: line numbers known before mean nothing now. */
  const era = signal(0)
  const connection = signal<ConnectionState>({ state: 'connecting' })
  /** What is wrong with the log, in a sentence; empty where nothing is. */
  const notice = signal('')
  const done = signal<DoneEvent | undefined>(undefined)
  const refusal = signal('')
  const { announcement, ...announcer } = createAnnouncer(lines)
  let lastEventId: string | undefined
  let unsubscribe = () => {}
  return { lines, length, era, connection, notice, done, refusal, announcement, start, stop }

  /** Connects; after a launch is over, again for the next one. */
  function start(): void {
    unsubscribe()
    unsubscribe = link.subscribe(
      { type: 'log', nodeId, lastEventId },
      {
        onState(state) {
          connection.value = state
          if (state.state === 'live') storageIsBack()
        },
        onRefused(message) {
          refusal.value = message
        },
        onEvents: take,
      },
    )
  }

  function stop(): void {
    unsubscribe()
    announcer.stop()
  }

  function take(events: readonly StreamEvent[]): void {
    for (const event of events) {
      lastEventId = event.id || lastEventId
      // Restarting a log may bring nothing new: it is over until something else comes.
      if (event.event !== 'done') done.value = undefined
      if (event.event === 'log') add(event.data, event.id)
      else if (event.event === 'gap') restart(event.data)
      else if (event.event === 'done') finish(event.data)
      else if (event.event === 'error' && event.id === '') notice.value = STORAGE
    }
    length.value = lines.length
    if (!done.peek()) announcer.update()
  }

  function add(entry: LogEntry, id: string): void {
    storageIsBack()
    lines.push(lineOf(entry, id))
  }

  function storageIsBack(): void {
    if (notice.peek() === STORAGE) notice.value = ''
  }

  function restart(gap: GapEvent): void {
    notice.value = noticeOf(gap)
    lines.length = 0
    era.value += 1
  }

  function finish(event: DoneEvent): void {
    done.value = event
    if (event.status === 'deleted') notice.value = 'The node was deleted.'
    announcer.finish(event)
  }
}

function noticeOf({ missed, reason }: GapEvent): string {
  const lost = missed === 1 ? '1 line is' : `${missed} lines are`
  return {
    expired: `The log has expired: ${lost} no longer kept.`,
    rewritten: `The log was replaced: ${lost} gone. The rest is shown.`,
    unknown: 'The log was reloaded.',
  }[reason]
}
