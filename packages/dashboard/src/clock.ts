import { computed, signal } from '@preact/signals'

/** This machine's time in ms since 1970, once a second while the page can be seen. */
export const now = signal(Date.now())

/** What the server's clock is ahead of this one's, in ms. */
const ahead = signal(0)

/** The server's time: what it has noted is compared with it. */
export const serverNow = computed(() => now.value + ahead.value)

setInterval(() => {
  if (!document.hidden) tick()
}, 1000)
document.addEventListener('visibilitychange', tick)

function tick(): void {
  now.value = Date.now()
}

/** Takes the `Date` of an answer. */
export function noteServerTime(date: string | null): void {
  const difference = Date.parse(date ?? '') - Date.now()
  // The header has whole seconds; less is no difference.
  ahead.value = Math.abs(difference) > 2000 ? difference : 0
}
