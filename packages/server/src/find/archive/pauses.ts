/** Pauses in which others have their turns, unless somebody waits for the end of the work. */
export interface Pauses {
  /** Resolves after so many milliseconds, and at once where somebody waits. */
  pause(ms: number): Promise<void>
  /** Ends the pause there is, and makes none until `act` has ended. */
  without<T>(act: () => Promise<T>): Promise<T>
}

export function createPauses(): Pauses {
  let waiting = 0
  let wake = () => {}
  return {
    async pause(ms) {
      if (waiting > 0) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    async without(act) {
      waiting += 1
      wake()
      try {
        return await act()
      } finally {
        waiting -= 1
      }
    },
  }
}
