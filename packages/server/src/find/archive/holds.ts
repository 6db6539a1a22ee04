/** Those that want something kept. */
export interface Holds {
  any(): boolean
  /** Returns what ends the hold. */
  hold(): () => void
}

/** `onFree` is called when a hold has ended. */
export function createHolds(onFree: () => void): Holds {
  let held = 0
  return {
    any: () => held > 0,
    hold() {
      held += 1
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        held -= 1
        onFree()
      }
    },
  }
}
