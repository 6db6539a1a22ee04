import type { Draft, NodeRecord } from '@launchtail/client/protocol'
import { formatDuration } from '@launchtail/client/protocol'
import type { End } from './end-entry.js'

const LOST = 'lost'

/** The end of a launch for which nothing has been sent for so many milliseconds. */
export function lostEnd(silence: number): End {
  const rounded = formatDuration(silence, { parts: 2, decimals: 0 })
  const message = `Nothing has been sent for ${rounded}; how the launch ended is not known`
  return { status: 'failed', code: LOST, message }
}

/** The entry of a launch that was believed to be lost, and is heard from again. */
export function foundEntry({ failure }: NodeRecord): Draft {
  const message = 'Heard from again: the launch goes on'
  return { message, phase: failure?.phase ?? 'queued' }
}

export function isLost({ status, failure }: NodeRecord): boolean {
  return status === 'failed' && failure?.code === LOST
}
