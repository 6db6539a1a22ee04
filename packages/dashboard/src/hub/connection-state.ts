import type { StreamState } from '@launchtail/client'
import type { ConnectionState } from './messages.js'

/** The client's state as a tab shows it: with the moment of the next attempt. */
export function connectionStateOf(state: StreamState): ConnectionState {
  if (state.state !== 'waiting') return state
  const { delay, error } = state
  return { state: 'waiting', at: Date.now() + delay, because: error?.message ?? '' }
}
