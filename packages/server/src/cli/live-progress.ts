import {
  ApiError,
  type Client,
  ConnectionError,
  type NodeRecord,
  type Phase,
  type StatusEvent,
} from '@launchtail/client'
import type { Formatter } from './format/formatter.js'
import type { Progress } from './format/progress.js'
import type { Screen } from './screen.js'

export interface LiveProgressOptions {
  client: Client
  nodeId: string
  format: Formatter
  screen: Screen
  /** The node's label, if several are shown. */
  label: string
}

/** The progress of a launch at the bottom of the screen. */
export interface LiveProgress {
  status(status: StatusEvent): void
  phase(phase: Phase): void
  end(): void
}

/** How often the node's record is read, in milliseconds: it alone has the remaining time. */
const READ_EVERY = 5000

export function startLiveProgress(options: LiveProgressOptions): LiveProgress {
  const { client, nodeId, format, screen, label } = options
  let state: Progress | undefined
  let isOver = false
  const timer = setInterval(() => void read(), READ_EVERY)
  void read()
  return {
    status(status) {
      state = { ...state, ...status }
      draw()
    },
    phase(phase) {
      if (state) state.phase = phase
    },
    end() {
      isOver = true
      clearInterval(timer)
      screen.progress(nodeId, undefined)
    },
  }

  function draw(): void {
    if (isOver) return
    screen.progress(nodeId, () => {
      if (!state) return ''
      return label === '' ? format.progress(state) : format.shortProgress(state, label)
    })
  }

  async function read(): Promise<void> {
    const node = await recordOf(client, nodeId)
    if (node?.status !== 'launching') return
    const { phase, progress, message, eta_seconds: eta, stalled } = node
    // What came over the stream is newer than this answer.
    state = { phase, progress, message, ...state, eta, stalled }
    draw()
  }
}

/** The node's record, if it can be read. The log is what counts, and it is shown without it. */
export async function recordOf(client: Client, nodeId: string): Promise<NodeRecord | undefined> {
  try {
    return await client.getNode(nodeId)
  } catch (error) {
    if (error instanceof ApiError || error instanceof ConnectionError) return undefined
    throw error
  }
}
