import type { Link } from './link.js'

/** Tells the hub when the reader looks at this tab, and when the tab goes. */
export function followTab(link: Link): void {
  addEventListener('pagehide', link.close)
  // A tab that comes back from the browser's memory has lost its subscriptions.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload()
  })
  document.addEventListener('visibilitychange', focus)
  addEventListener('focus', focus)
  // The network is back: no need to wait for the next attempt.
  addEventListener('online', focus)

  function focus(): void {
    if (!document.hidden) link.focus()
  }
}
