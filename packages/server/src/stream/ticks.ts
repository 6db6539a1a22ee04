import { type Rounds, startRounds } from '../async/rounds.js'
import { createSlices, type Slices } from '../async/slices.js'

export interface TicksOptions {
  /** Milliseconds between heartbeats. */
  heartbeat: number
  onFault?: (message: string, error: unknown) => void
}

const EVERY = 1000
/** Heartbeats for a thousand streams take some 10 ms. No entry shall wait so long. */
const SLICE = 1

/** Has all streams looked after every second, or more often where heartbeats are frequent. */
export function startTicks(
  tick: (slices: Slices) => Promise<void>,
  { heartbeat, onFault = () => {} }: TicksOptions,
): Rounds {
  return startRounds(() => tick(createSlices(SLICE)), {
    every: Math.min(EVERY, heartbeat / 4),
    onFault: (error) => onFault('looking after streams', error),
  })
}
