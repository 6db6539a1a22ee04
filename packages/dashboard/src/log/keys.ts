import type { Reading } from './reading.js'
import { nextTimeStyle, wrap } from './settings.js'

export interface Keys {
  readonly reading: Reading
  readonly toSearch: () => void
  readonly toHelp: () => void
}

/** What each key does, as the help says it. */
export const KEYS: readonly { key: string; does: string; act: (keys: Keys) => void }[] = [
  { key: '/', does: 'search', act: ({ toSearch }) => toSearch() },
  { key: 'n', does: 'next match', act: ({ reading }) => reading.hit(1) },
  { key: 'N', does: 'previous match', act: ({ reading }) => reading.hit(-1) },
  { key: 'g', does: 'first line', act: ({ reading }) => reading.toFirst() },
  { key: 'G', does: 'newest line, and follow', act: ({ reading }) => reading.toLatest() },
  {
    key: 'f',
    does: 'follow, or stay',
    act: ({ reading: { following } }) => {
      following.value = !following.value
    },
  },
  { key: 'j', does: 'one line down', act: ({ reading }) => reading.move(1) },
  { key: 'k', does: 'one line up', act: ({ reading }) => reading.move(-1) },
  { key: 'Enter', does: 'details of the line', act: ({ reading }) => reading.foldCurrent() },
  { key: 'c', does: 'copy a link to the line', act: ({ reading }) => void reading.copyLink() },
  {
    key: 'w',
    does: 'wrap long lines, or not',
    act: () => {
      wrap.value = !wrap.value
    },
  },
  { key: 't', does: 'times: local, UTC, since start', act: nextTimeStyle },
  { key: '?', does: 'this help', act: ({ toHelp }) => toHelp() },
]

/** Where a key is a letter that is typed, or the element's own. */
const FIELDS = 'input:not([type="checkbox"]), textarea, select, dialog'

/** Acts on a key that was pressed anywhere but in a field. */
export function onKey(event: KeyboardEvent, keys: Keys): void {
  const { target, key } = event
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  if (!(target instanceof Element) || target.closest(FIELDS)) return
  // Enter and Space are a button's and a link's own.
  if (key === 'Enter' && target.closest('button, a')) return
  const found = KEYS.find((one) => one.key === key)
  if (!found) return
  event.preventDefault()
  found.act(keys)
}
