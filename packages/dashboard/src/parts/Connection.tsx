import { now } from '../clock.js'
import type { ConnectionState } from '../hub/messages.js'
import { span } from './times.js'

export interface ConnectionProps {
  state: ConnectionState
  /** Names what is connected, for a screen reader. */
  label: string
  onReconnect: () => void
}

/** How something is connected, in words, and a button that ends the wait for the next attempt. */
export function Connection({ state, label, onReconnect }: ConnectionProps) {
  return (
    <span class="connection" data-state={state.state} title={titleOf(state)}>
      <span class="hidden">{label}: </span>
      {wordsOf(state)}
      {state.state === 'waiting' && (
        <button type="button" onClick={onReconnect}>
          Retry now
        </button>
      )}
    </span>
  )
}

function wordsOf(state: ConnectionState): string {
  if (state.state === 'waiting') {
    return `reconnecting in ${span(Math.ceil((state.at - now.value) / 1000) * 1000)}`
  }
  if (state.state === 'polling') return 'live, once a second'
  return { connecting: 'connecting', live: 'live', over: 'complete' }[state.state]
}

function titleOf(state: ConnectionState): string {
  if (state.state === 'waiting') return state.because
  if (state.state === 'polling') {
    return 'Many logs are open in this browser; only the most recently viewed ones stream.'
  }
  return ''
}
