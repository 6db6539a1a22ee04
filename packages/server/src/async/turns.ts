/**
 * `setImmediate` lets all that wait run in one turn of the loop, one after the other. Others then wait
 * for all of them, and what each has read is in memory until the last is done. So those that read much
 * wait in one queue, and there is one of them to a turn.
 */
const waiting: (() => void)[] = []

/** Resolves in a turn of the loop that no other caller of this has. */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(next)
  })
}

function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(next)
}
