import { computed, signal } from '@preact/signals'

/** This machine's time in ms since 1970, once a second while the page is visible. */
export const now = signal(Date.now())

/** How far the server's clock is ahead of this machine's, in ms. */
const ahead = signal(0)

/** The server's time, to compare with its timestamps. */
export const serverNow = computed(() => now.value + ahead.value)

setInterval(() => {
  if (!document.hidden) tick()
}, 1000)
document.addEventListener('visibilitychange', tick)

function tick(): void {
  now.value = Date.now()
}

/** Takes the `Date` header of an answer. */
export function noteServerTime(date: string | null): void {
  const difference = Date.parse(date ?? '') - Date.now()
  // The header has whole seconds, so a small difference means nothing.
  ahead.value = Math.abs(difference) > 2000 ? difference : 0
}
