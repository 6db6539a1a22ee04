/** Runs what it is given, at most `limit` at a time, in the order it was given. */
export function createPool(limit: number): <T>(act: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (act) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await act()
    } finally {
      // The place goes to the next one directly, or somebody newer might take it.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
