/** The same fault is reported again after it has not occurred for this long, in milliseconds. */
const QUIET = 60_000
const MAX_KINDS = 1000

/** Tells the first fault of an outage from those that only repeat it. */
export interface Repeats {
  isRepeat(kind: string): boolean
  /** The outage is over: what occurs from now on is reported. */
  forget(): void
}

/** While a dependency is away, each attempt and each request fails the same way. */
export function createRepeats({ now = () => performance.now() } = {}): Repeats {
  /** When each kind last occurred, the oldest first. */
  const last = new Map<string, number>()
  return { isRepeat, forget: () => last.clear() }

  function isRepeat(kind: string): boolean {
    const at = last.get(kind)
    last.delete(kind)
    last.set(kind, now())
    const [oldest] = last.keys()
    if (last.size > MAX_KINDS && oldest !== undefined) last.delete(oldest)
    return at !== undefined && now() - at < QUIET
  }
}
