import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Level, LogEntry } from '@launchtail/client/protocol'
import { inTurns, TURN } from './in-turns.js'
import type { Matcher } from './matcher.js'

/** Which entries of a log are shown to a reader. What is not a `log` event always comes. */
export interface LogFilter {
  /** Filters with the same key show the same, so their readers can share what is sent. */
  readonly key: string
  /** The items must be ready, or have been prepared. */
  passes(item: Looked): boolean
  /** True if these are decided, after some milliseconds at most. */
  isReady(items: readonly Looked[]): boolean
  /** Decides these, and other work gets its turn in between. Undefined where that takes no time. */
  prepare(items: readonly Looked[]): Promise<void> | undefined
  /** The index of the newest entry that has passed; -1 where none has. */
  lastMatch(): number
  close(): void
}

/** An entry that is looked at. */
export interface Looked {
  readonly index: number
  readonly entry: LogEntry | undefined
}

export interface LogFilterOptions {
  levels?: ReadonlySet<Level> | undefined
  matcher?: Matcher | undefined
  /** Tells matchers that find the same. */
  matcherKey?: string
}

/** Undefined where everything is shown. */
export function createLogFilter(options: LogFilterOptions): LogFilter | undefined {
  const { levels, matcher, matcherKey = '' } = options
  if (!levels && !matcher) return undefined
  /** Each entry is decided once, for all who share the filter. */
  const decisions = new WeakMap<LogEntry, boolean | Promise<void>>()
  let lastMatch = -1
  return {
    key: JSON.stringify([levels ? [...levels].sort() : null, matcherKey]),
    passes,
    isReady,
    prepare: (items) => (matcher ? prepare(items) : undefined),
    lastMatch: () => lastMatch,
    close: () => matcher?.close(),
  }

  function passes({ index, entry }: Looked): boolean {
    const isShown = entry !== undefined && decisionOn(entry) === true
    if (isShown && index > lastMatch) lastMatch = index
    return isShown
  }

  function isReady(items: readonly Looked[]): boolean {
    if (!matcher) return true
    const end = performance.now() + TURN
    return items.every(({ entry }) => {
      if (!entry) return true
      return typeof decisionOn(entry) === 'boolean' && performance.now() < end
    })
  }

  async function prepare(items: readonly Looked[]): Promise<void> {
    // The page before may have taken this turn.
    await nextTurn()
    await inTurns(items, ({ entry }) => {
      const decision = entry && decisionOn(entry)
      return decision instanceof Promise ? decision.then(() => refuseUndecided(entry)) : undefined
    })
  }

  function decisionOn(entry: LogEntry): boolean | Promise<void> {
    if (levels && !levels.has(entry.level)) return false
    if (!matcher) return true
    const known = decisions.get(entry)
    if (known !== undefined) return known
    const found = matcher.matches(entry)
    const decision = typeof found === 'boolean' ? found : keep(entry, found)
    decisions.set(entry, decision)
    return decision
  }

  function refuseUndecided(entry: LogEntry | undefined): void {
    if (entry && !decisions.has(entry)) throw new Error('a query was not decided')
  }

  /** Does not reject: it may be that nobody waits for it. */
  async function keep(entry: LogEntry, found: Promise<boolean>): Promise<void> {
    try {
      decisions.set(entry, await found)
    } catch {
      // Whoever prepares it finds it undecided, and it is asked again.
      decisions.delete(entry)
    }
  }
}
