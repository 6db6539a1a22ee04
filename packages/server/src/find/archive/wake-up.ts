const SOONEST = 60_000
const LATEST = 24 * 3_600_000

/** Acts at a time, which may be changed. */
export interface WakeUp {
  /** Milliseconds since 1970; undefined for never. */
  at(time: number | undefined): void
  stop(): void
}

/** The first time is `first` milliseconds from now. */
export function createWakeUp(act: () => void, first: number): WakeUp {
  let timer: NodeJS.Timeout | undefined
  const plan = (wait: number) => {
    timer = setTimeout(act, wait).unref()
  }
  plan(first)
  return {
    at(time) {
      clearTimeout(timer)
      if (time === undefined) return
      const wait = time - (performance.timeOrigin + performance.now())
      plan(Math.min(LATEST, Math.max(SOONEST, wait)))
    },
    stop: () => clearTimeout(timer),
  }
}
