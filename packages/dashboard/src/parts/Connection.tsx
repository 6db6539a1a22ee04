import { now } from '../clock.js'
import { look } from '../hub/link.js'
import type { LinkState } from '../hub/messages.js'

/** How a view is connected, in words. */
export function Connection({ state, label }: { state: LinkState; label: string }) {
  const words = wordsOf(state)
  return (
    <span class="connection" data-state={state.state} title={titleOf(state)}>
      <span class="hidden">{label}: </span>
      {words}
      {state.state === 'waiting' && (
        <button type="button" onClick={look}>
          now
        </button>
      )}
    </span>
  )
}

function wordsOf(state: LinkState): string {
  if (state.state === 'waiting') {
    return `reconnecting in ${Math.max(0, Math.ceil((state.at - now.value) / 1000))} s`
  }
  if (state.state === 'rounds') return 'live, once a second'
  return { connecting: 'connecting', live: 'live', over: 'complete' }[state.state]
}

function titleOf(state: LinkState): string {
  if (state.state === 'waiting') return state.because
  if (state.state === 'rounds') {
    return 'Many logs are open in this browser; those that were looked at last stream.'
  }
  return ''
}
