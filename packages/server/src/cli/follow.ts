import {
  ApiError,
  type Client,
  ConnectionError,
  type DoneEvent,
  type NodeRecord,
  type StreamEvent,
  type StreamOptions,
} from '@launchtail/client'
import { formatDuration } from '@launchtail/client/protocol'
import { EXIT } from './exit.js'
import type { Look, RailState } from './look.js'
import type { Screen } from './screen.js'

export type Output = 'pretty' | 'json' | 'raw' | 'none'

export interface FollowOptions extends StreamOptions {
  output: Output
  look: Look
  screen: Screen
  /** Put before each line, where several nodes are shown. */
  label?: string
  /** Whether to keep a rail for it on the screen. */
  rail?: boolean
  /** Nothing but the log: no word of broken lines, nor of what it came to. */
  quiet?: boolean
}

/** Milliseconds between two looks at what only the node's record knows: the time that is left. */
const LOOK_EVERY = 5000

/** Shows a node's log as it comes; gives what became of the launch. */
export async function followNode(
  client: Client,
  nodeId: string,
  { output, look, screen, label = '', rail = false, quiet = false, ...options }: FollowOptions,
): Promise<DoneEvent> {
  let done: DoneEvent | undefined
  let state: RailState | undefined
  const note = quiet ? () => {} : screen.note
  const looking = rail ? setInterval(() => void lookUp(), LOOK_EVERY) : undefined
  if (rail) void lookUp()
  const stream = client.stream(nodeId, {
    ...options,
    onState(state) {
      if (state.state === 'waiting' && state.error) note(brokenLine(state))
    },
  })
  try {
    for await (const event of stream) {
      if (event.event === 'done') done = event.data
      show(event)
    }
  } finally {
    clearInterval(looking)
    screen.rail(nodeId, undefined)
  }
  // After a 204 there was nothing more to tell: the node's record says what it came to.
  done ??= await endOf(client, nodeId)
  if (options.follow !== false && output === 'pretty' && !quiet) {
    const failure = done.status === 'failed' ? (await record())?.failure : undefined
    screen.line(look.end(done, failure, label))
  }
  return done

  function show(event: StreamEvent): void {
    if (output === 'json') {
      const { event: name, id, data } = event
      screen.line(JSON.stringify({ event: name, id, data, node_id: nodeId }))
      return
    }
    switch (event.event) {
      case 'log':
        if (state) state.phase = event.data.phase
        if (output === 'raw') screen.line(look.message(event.data.message))
        else if (output === 'pretty') screen.line(look.entry(event.data, label))
        return
      case 'status':
        state = { ...state, ...event.data }
        draw()
        return
      case 'gap':
        note(`${event.data.missed} entries are missing here (${event.data.reason})`)
        return
      case 'error':
        // Those with an id are a log entry's, which has been shown.
        if (!event.id) note([event.data.error, event.data.details].filter(Boolean).join(': '))
    }
  }

  function draw(): void {
    if (!rail || done) return
    screen.rail(nodeId, () => {
      if (!state) return ''
      return label === '' ? look.rail(state) : look.shortRail(state, label)
    })
  }

  async function lookUp(): Promise<void> {
    const node = await record()
    if (node?.status !== 'launching') return
    const { phase, progress, message, eta_seconds: eta, stalled } = node
    // What the stream has told is newer than what was asked for before.
    state = { phase, progress, message, ...state, eta, stalled }
    draw()
  }

  /** The node's record, where it can be had: the log is what was asked for, and it is shown. */
  async function record(): Promise<NodeRecord | undefined> {
    try {
      return await client.getNode(nodeId)
    } catch (error) {
      if (error instanceof ApiError || error instanceof ConnectionError) return undefined
      throw error
    }
  }
}

async function endOf(client: Client, nodeId: string): Promise<DoneEvent> {
  const { status, message, endpoint } = await client.getNode(nodeId)
  return { status, message, ...(endpoint !== undefined && { endpoint }) }
}

/** Why there is nothing now, and when there may be again. */
export function brokenLine({ error, delay }: { error?: Error; delay: number }): string {
  const why = error?.message ?? 'the server ended the stream'
  return `${why}; trying again in ${formatDuration(delay, { decimals: 1 })}`
}

/** What a launch's end means for the exit code. */
export function exitCodeOf({ status }: DoneEvent): number {
  return status === 'active' || status === 'launching' ? EXIT.active : EXIT.failed
}
