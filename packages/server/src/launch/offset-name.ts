/**
 * Each launch has offsets for its lines, its words, its first and last entry, its owner, what is said
 * of the end of its lifetime, of its idle_timeout, of what replaces it, of a day's budget and of its own, and
 * the openings of its attempts.
 */
type Counted =
  | 'lines'
  | 'words'
  | 'begin'
  | 'end'
  | 'owner'
  | 'notice'
  | 'over'
  | 'replaced'
  | 'idle-unknown'
  | `attempt-${number}`
  | `budget-${string}`

/** The name of one of a launch's offsets in the node's log. */
export function offsetName(source: string, of: Counted): string {
  return of === 'lines' ? source : `${source}:${of}`
}
