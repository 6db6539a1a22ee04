import { effect, signal } from '@preact/signals'
import { TIME_STYLES, type TimeStyle } from '../parts/times.js'

const KEY = 'launchtail.log'

/** How logs are shown, kept for this browser. */
export const wrap = signal(stored().wrap)
export const timeStyle = signal<TimeStyle>(stored().timeStyle)

effect(() => {
  localStorage.setItem(KEY, JSON.stringify({ wrap: wrap.value, timeStyle: timeStyle.value }))
})

/** Switches to the next style of times. */
export function nextTimeStyle(): void {
  const next = (TIME_STYLES.indexOf(timeStyle.value) + 1) % TIME_STYLES.length
  timeStyle.value = TIME_STYLES[next] as TimeStyle
}

function stored(): { wrap: boolean; timeStyle: TimeStyle } {
  try {
    const { wrap, timeStyle } = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return { wrap: wrap !== false, timeStyle: TIME_STYLES.find((s) => s === timeStyle) ?? 'local' }
  } catch {
    // This page did not write it.
    return { wrap: true, timeStyle: 'local' }
  }
}
