/**
 * Acts when everything before it under any of the names has ended; told how the last of these
 * failed under one of them. It is the last under each of them from the call on.
 */
export type Mutex = <T>(
  names: string | readonly string[],
  act: (fault: unknown) => Promise<T>,
) => Promise<T>

/** Lets what has one name happen one after the other, and what has another beside it. */
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
