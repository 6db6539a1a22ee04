/** Lets tasks wait until something has changed. */
export interface Condition {
  wait(): Promise<void>
  /** Wakes all that wait now. */
  notify(): void
}

export function createCondition(): Condition {
  let waiting: (() => void)[] = []
  return {
    wait: () => new Promise((resolve) => waiting.push(resolve)),
    notify() {
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
  }
}
