import type { DoneEvent, GapEvent, LogEntry, StreamEvent } from '@launchtail/client'
import { signal } from '@preact/signals'
import { type Link, subscribe } from '../hub/link.js'
import type { LinkState } from '../hub/messages.js'
import { phaseName } from '../parts/phases.js'
import { signOut } from '../session.js'
import { plain } from './text.js'

/** One line of the log, as the page keeps it. */
export interface Line {
  /** Its place in the node's list, from 0: the line's address. */
  readonly index: number
  readonly entry: LogEntry
  /** Its time in ms since 1970. */
  readonly at: number
  /** What is searched, in lower case: the message and the details. */
  readonly words: string
}

export type Log = ReturnType<typeof createLog>

/** A screen reader is told no more often than this, in ms. */
const TOLD_EVERY = 5000

/** A node's log in this tab: all of its lines, and how it is connected. */
export function createLog(nodeId: string) {
  const lines: Line[] = []
  /** How many lines there are; tells that some have come. */
  const length = signal(0)
  /** Grows when the lines are another log's: what was known of them by number is void. */
  const era = signal(0)
  const link = signal<LinkState>({ state: 'connecting' })
  /** What is wrong with the log, in a sentence; empty where nothing is. */
  const notice = signal('')
  const done = signal<DoneEvent | undefined>(undefined)
  const refusal = signal('')
  /** What a screen reader is told: where the launch is, not each of its lines. */
  const told = signal('')
  let lastEventId = ''
  let subscription: Link | undefined
  let telling: ReturnType<typeof setTimeout> | undefined
  return { lines, length, era, link, notice, done, refusal, told, start, stop }

  /** Connects; after a launch is over, again for the next one. */
  function start(): void {
    subscription?.stop()
    const resumed = lastEventId && { lastEventId }
    subscription = subscribe(
      { type: 'log', nodeId, ...resumed },
      {
        onState(state) {
          link.value = state
          if (state.state === 'live' && notice.peek() === STORAGE) notice.value = ''
        },
        onRefused({ status, message }) {
          if (status === 401) signOut('The server does not take the token any more.')
          else refusal.value = message
        },
        onEvents: take,
      },
    )
  }

  function stop(): void {
    subscription?.stop()
    clearTimeout(telling)
  }

  function take(events: readonly StreamEvent[]): void {
    for (const event of events) {
      lastEventId = event.id || lastEventId
      // Not when it is asked for again, which may bring nothing: it is over until it goes on.
      if (event.event !== 'done') done.value = undefined
      if (event.event === 'log') add(event.data, event.id)
      else if (event.event === 'gap') startAnew(event.data)
      else if (event.event === 'done') finish(event.data)
      else if (event.event === 'error' && event.id === '') notice.value = STORAGE
    }
    length.value = lines.length
    tellSoon()
  }

  function add(entry: LogEntry, id: string): void {
    if (notice.peek() === STORAGE) notice.value = ''
    const words = `${entry.message}\n${entry.details ?? ''}`
    lines.push({
      index: Number(id.split(':', 1)[0]),
      entry,
      at: Date.parse(entry.timestamp),
      words: plain(words).toLowerCase(),
    })
  }

  function startAnew({ missed, reason }: GapEvent): void {
    const lost = missed === 1 ? '1 line is' : `${missed} lines are`
    notice.value = {
      expired: `The log has expired: ${lost} not kept any more.`,
      rewritten: `The log has become another one: ${lost} gone. What is kept is shown.`,
      unknown: 'The log is shown anew.',
    }[reason]
    lines.length = 0
    era.value += 1
  }

  function finish(event: DoneEvent): void {
    done.value = event
    if (event.status === 'deleted') notice.value = 'The node was deleted.'
    told.value = `The launch is over: ${event.status}. ${event.message}`
    clearTimeout(telling)
    telling = undefined
  }

  function tellSoon(): void {
    if (done.peek()) return
    telling ??= setTimeout(() => {
      telling = undefined
      const last = lines.at(-1)?.entry
      if (!last) return
      const { progress } =
        lines.findLast((line) => line.entry.progress !== undefined)?.entry ?? last
      told.value = `${phaseName(last.phase)}, ${Math.round(progress ?? 0)} %`
    }, TOLD_EVERY)
  }
}

const STORAGE = 'The server cannot reach its storage. The log goes on by itself when it can.'
