import type { Controls } from './controls.js'
import { nextTimeStyle, wrap } from './settings.js'

/** What a key may act on. */
export interface KeyTargets {
  readonly controls: Controls
  readonly toSearch: () => void
  readonly toHelp: () => void
}

interface Key {
  readonly key: string
  /** As the help says it. */
  readonly does: string
  readonly act: (targets: KeyTargets) => void
}

export const KEYS: readonly Key[] = [
  { key: '/', does: 'search', act: ({ toSearch }) => toSearch() },
  { key: 'n', does: 'next match', act: ({ controls }) => controls.step(1) },
  { key: 'N', does: 'previous match', act: ({ controls }) => controls.step(-1) },
  { key: 'g', does: 'first line', act: ({ controls }) => controls.position.toFirst() },
  {
    key: 'G',
    does: 'newest line, and follow',
    act: ({ controls }) => controls.position.toLatest(),
  },
  {
    key: 'f',
    does: 'follow, or stop following',
    act: ({ controls: { position } }) => {
      position.following.value = !position.following.value
    },
  },
  { key: 'j', does: 'next line', act: ({ controls }) => controls.position.move(1) },
  { key: 'k', does: 'previous line', act: ({ controls }) => controls.position.move(-1) },
  { key: 'Enter', does: 'show or hide details', act: ({ controls }) => controls.toggleCurrent() },
  { key: 'c', does: 'copy a link to the line', act: ({ controls }) => void controls.copyLink() },
  {
    key: 'x',
    does: 'name the line as the cause of the failure',
    act: ({ controls }) => void controls.nameCurrent(),
  },
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

/** Here a key is a letter that is typed, or belongs to the element. */
const FIELDS = 'input:not([type="checkbox"]), textarea, select, dialog'

/** Acts on a key that was pressed anywhere except in a field. */
export function onKey(event: KeyboardEvent, targets: KeyTargets): void {
  const { target, key } = event
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  if (!(target instanceof Element) || target.closest(FIELDS)) return
  // Enter activates a button or a link.
  if (key === 'Enter' && target.closest('button, a')) return
  const found = KEYS.find((one) => one.key === key)
  if (!found) return
  event.preventDefault()
  found.act(targets)
}
