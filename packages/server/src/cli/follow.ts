import type { Client, DoneEvent, StreamEvent, StreamOptions } from '@launchtail/client'
import { formatDuration, parseCursor } from '@launchtail/client/protocol'
import { EXIT } from './exit.js'
import { lineNumber } from './format/failure.js'
import type { Formatter } from './format/formatter.js'
import { type LiveProgress, recordOf, startLiveProgress } from './live-progress.js'
import type { Screen } from './screen.js'

export type Output = 'pretty' | 'json' | 'raw' | 'none'

export interface FollowOptions extends StreamOptions {
  output: Output
  format: Formatter
  screen: Screen
  /** Precedes each line, if several nodes are shown. */
  label?: string
  /** Shows the node's progress below the log. */
  progress?: boolean
  /** Shows only the log: neither lost connections nor the outcome. */
  quiet?: boolean
  /** Shows the number of each line. */
  numbers?: boolean
}

/** Shows a node's log as it comes. Returns the outcome of the launch. */
export async function followNode(
  client: Client,
  nodeId: string,
  given: FollowOptions,
): Promise<DoneEvent> {
  const { output, format, screen, label = '', numbers = false, ...more } = given
  const { progress, quiet = false, ...options } = more
  const note = quiet ? () => {} : screen.note
  const live = progress ? startLiveProgress({ client, nodeId, format, screen, label }) : undefined
  const shown = { nodeId, output, format, screen, label, numbers, note, live }
  const stream = client.stream(nodeId, {
    ...options,
    onState(state) {
      if (state.state === 'waiting' && state.error) note(brokenLine(state))
    },
  })
  let done: DoneEvent | undefined
  try {
    for await (const event of stream) {
      if (event.event === 'done') done = event.data
      show(event, shown)
    }
  } finally {
    live?.end()
  }
  // After a 204 there was nothing left to send: the node's record has the outcome.
  done ??= await outcomeOf(client, nodeId)
  if (options.follow !== false && output === 'pretty' && !quiet) {
    const isTold = done.status === 'failed' && isNewest(options)
    const record = isTold ? await recordOf(client, nodeId) : undefined
    screen.line(format.end(done, record?.failure, label))
  }
  return done
}

/** True if the launch is the one that the node's record tells of. */
export function isNewest({ launch }: Pick<StreamOptions, 'launch'>): boolean {
  return launch === undefined || launch === 'latest'
}

interface ShowOptions {
  nodeId: string
  output: Output
  format: Formatter
  screen: Screen
  label: string
  numbers: boolean
  note: (text: string) => void
  live: LiveProgress | undefined
}

function show(event: StreamEvent, options: ShowOptions): void {
  const { nodeId, output, format, screen, label, numbers, note, live } = options
  if (output === 'json') {
    const { event: name, id, data } = event
    screen.line(JSON.stringify({ event: name, id, data, node_id: nodeId }))
    return
  }
  switch (event.event) {
    case 'log':
      live?.phase(event.data.phase)
      if (output === 'raw') screen.line(format.message(event.data.message))
      else if (output === 'pretty') {
        const front = numbers ? `${label}${format.dim(numberOf(event.id))} ` : label
        screen.line(format.entry(event.data, front))
      }
      return
    case 'status':
      live?.status(event.data)
      return
    case 'gap':
      note(`${event.data.missed} entries are missing here (${event.data.reason})`)
      return
    case 'error':
      // An error with an id belongs to a log entry, which was shown.
      if (!event.id) note([event.data.error, event.data.details].filter(Boolean).join(': '))
  }
}

/** The number of the line that an event tells of. */
function numberOf(id: string): string {
  const index = parseCursor(id)?.index
  return (index === undefined ? '' : String(lineNumber(index))).padStart(6)
}

async function outcomeOf(client: Client, nodeId: string): Promise<DoneEvent> {
  const { status, message, endpoint } = await client.getNode(nodeId)
  return { status, message, ...(endpoint !== undefined && { endpoint }) }
}

/** Says why the connection was lost, and when the next attempt follows. */
export function brokenLine({ error, delay }: { error?: Error; delay: number }): string {
  const reason = error?.message ?? 'the server ended the stream'
  return `${reason}; trying again in ${formatDuration(delay, { decimals: 1 })}`
}

/** The exit code for the outcome of a launch. */
export function exitCodeOf({ status }: DoneEvent): number {
  return status === 'active' || status === 'launching' ? EXIT.active : EXIT.failed
}
