/** Has several do something together. */
export interface Meeting {
  /** Waits until each has come, has the first act for all, and returns what came of it. */
  together<T>(act: () => Promise<T>): Promise<T>
  /** Called by one that does not come any more. */
  leave(): void
}

export function createMeeting(size: number): Meeting {
  let left = size
  let waiting: Waiting[] = []
  return { together, leave }

  function together<T>(act: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      waiting.push({ act, resolve: (value) => resolve(value as T), reject })
      begin()
    })
  }

  function leave(): void {
    left -= 1
    begin()
  }

  function begin(): void {
    const all = waiting
    const [first] = all
    if (!first || all.length < left) return
    waiting = []
    first.act().then(
      (value) => {
        for (const { resolve } of all) resolve(value)
      },
      (error) => {
        for (const { reject } of all) reject(error)
      },
    )
  }
}

interface Waiting {
  act: () => Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}
