/** What made this server terminate a launch: a limit of the launch's own, or somebody's request. */
export type TerminatedBy = 'max_lifetime' | 'idle_timeout' | 'request'

/** As the log says it before the node is taken down: see `overEntry` and `idleEnd` in `launch/limits`. */
const LIMIT =
  /^The node has (?:been active|served nobody) for its (max_lifetime|idle_timeout) of \S{1,32}; it is taken down$/

/** Told by the messages of the log before the end. */
export function terminatedBy(messages: readonly string[]): TerminatedBy {
  for (const message of messages.toReversed()) {
    const limit = LIMIT.exec(message)?.[1]
    if (limit !== undefined) return limit as TerminatedBy
  }
  return 'request'
}
