/** Acts when everything before it under the same name has ended; told how the last of these failed. */
export type InTurn = <T>(name: string, act: (fault: unknown) => Promise<T>) => Promise<T>

/** Lets what has one name happen one after the other, and what has another beside it. */
export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>()
  return (name, act) => {
    const done = (last.get(name) ?? Promise.resolve()).then(act)
    const settled = done.then(
      () => undefined,
      (fault) => fault,
    )
    last.set(name, settled)
    void settled.then(() => {
      if (last.get(name) === settled) last.delete(name)
    })
    return done
  }
}
