import { setQuery } from '../address.js'
import { counted } from '../parts/counts.js'
import type { Live } from './live.js'

/** Switches the live mode, which the address keeps, and pauses it. */
export function LiveSwitch({ live, isOn }: { live: Live; isOn: boolean }) {
  const held = live.held.value
  const isPaused = live.isPaused.value
  return (
    <span class="live-switch">
      <button type="button" aria-pressed={isOn} onClick={() => setQuery({ live: isOn ? '' : '1' })}>
        <i class="live-dot" data-state={isPaused ? 'paused' : live.state.value} /> Live
      </button>
      {isOn && (
        <button type="button" onClick={() => live.pause(!isPaused)}>
          {isPaused ? `Show ${counted(held)} new` : 'Pause'}
        </button>
      )}
    </span>
  )
}
