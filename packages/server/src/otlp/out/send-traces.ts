import type { LaunchChanges } from '../../nodes/launch-changes.js'
import { TRACES } from '../wire/encode.js'
import type { Positions } from './positions.js'
import { BATCH, type Send } from './send.js'
import { tracesRequest } from './traces.js'

export interface SendTracesOptions {
  launchChanges: LaunchChanges
  positions: Positions
  scope: { name: string; version: string }
}

const POSITION = 'otlp-traces'

/** Sends the launches that have ended, or got another cause, since the last call. */
export function createSendTraces({ launchChanges, positions, scope }: SendTracesOptions) {
  return async (send: Send, signal: AbortSignal): Promise<void> => {
    let position = await beginning()
    for (let more = true; more && !signal.aborted; ) {
      const { launches, last } = await launchChanges.after(position, BATCH)
      more = launches.length === BATCH
      if (launches.length === 0) return
      await send(tracesRequest(launches, scope), TRACES, launches.length)
      position = last
      await positions.store(POSITION, String(position))
    }
  }

  async function beginning(): Promise<number> {
    const known = await positions.of(POSITION)
    if (known !== undefined) return Number(known)
    const newest = await launchChanges.newest()
    await positions.store(POSITION, String(newest))
    return newest
  }
}
