/**
 * Runs `act` when everything that was queued before it under any of the names has ended. `fault` is the
 * error of the one right before it, if that failed.
 */
export type Mutex = <T>(
  names: string | readonly string[],
  act: (fault: unknown) => Promise<T>,
) => Promise<T>

/** Runs what has the same name one after the other, and what has different names side by side. */
export function createMutex(): Mutex {
  const last = new Map<string, Promise<unknown>>()
  return (names, act) => {
    const all = typeof names === 'string' ? [names] : names
    const before = Promise.all(all.map((name) => last.get(name)))
    const done = before.then((faults) => act(faults.find((fault) => fault !== undefined)))
    const settled = done.then(
      () => undefined,
      (fault) => fault,
    )
    for (const name of all) last.set(name, settled)
    void settled.then(() => {
      for (const name of all) if (last.get(name) === settled) last.delete(name)
    })
    return done
  }
}
