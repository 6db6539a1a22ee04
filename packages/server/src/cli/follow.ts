import type { Client, DoneEvent, StreamEvent, StreamOptions } from '@launchtail/client'
import logUpdate from 'log-update'
import { CliError, EXIT } from './exit.js'
import type { Look } from './look.js'

export type Output = 'pretty' | 'json' | 'raw'

export interface FollowOptions extends StreamOptions {
  output: Output
  look: Look
  /** Put before each line, where several nodes are shown. */
  label?: string
  /** Show the phases and the progress below the lines. */
  rail?: boolean
  write: (text: string) => void
  /** Told of what is not of the log: a broken line, a gap. */
  note: (text: string) => void
}

/** Shows a node's log as it comes; gives the launch's `done`. */
export async function followNode(
  client: Client,
  nodeId: string,
  { output, look, label = '', rail = false, write, note, ...options }: FollowOptions,
): Promise<DoneEvent> {
  let last: DoneEvent | undefined
  const stream = client.stream(nodeId, {
    ...options,
    onState(state) {
      if (state.state === 'waiting' && state.error) {
        note(`${state.error.message}; trying again in ${(state.delay / 1000).toFixed(1)} s`)
      }
    },
  })
  try {
    for await (const event of stream) {
      if (event.event === 'done') last = event.data
      show(event)
    }
  } finally {
    if (rail) logUpdate.clear()
  }
  if (!last) throw new CliError('the stream ended before the launch did')
  return last

  function show(event: StreamEvent): void {
    if (output === 'json') {
      write(
        `${JSON.stringify({ event: event.event, id: event.id, data: event.data, node_id: nodeId })}\n`,
      )
      return
    }
    switch (event.event) {
      case 'log': {
        const line = output === 'raw' ? event.data.message : look.entry(event.data, label)
        if (rail) logUpdate.clear()
        write(`${line}\n`)
        return
      }
      case 'status':
        if (rail) logUpdate(look.rail(event.data))
        return
      case 'gap':
        note(`${event.data.missed} entries are missing here (${event.data.reason})`)
        return
      case 'error':
        // Those with an id are a log entry's, which has been shown.
        if (!event.id) note(`${event.data.error}: ${event.data.details}`)
    }
  }
}

/** What a launch's end means for the exit code. */
export function exitCodeOf({ status }: DoneEvent): number {
  return status === 'active' || status === 'launching' ? EXIT.active : EXIT.failed
}
