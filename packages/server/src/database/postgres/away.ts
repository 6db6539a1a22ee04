/** Whether PostgreSQL is believed to be out of reach. */
export interface Away {
  is(): boolean
  /** It did not answer. From now on it is away until a probe gets through. */
  noticed(): void
  stop(): void
}

/** Milliseconds between two probes. */
const PROBE_EVERY = 500

/** While it is away callers need not wait for long, because a probe waits for as long as it takes. */
export function createAway(probe: () => Promise<unknown>): Away {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  return {
    is: () => timer !== undefined,
    noticed() {
      if (timer === undefined) plan()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }

  function plan(): void {
    if (!stopped) timer = setTimeout(look, PROBE_EVERY).unref()
  }

  async function look(): Promise<void> {
    try {
      await probe()
      timer = undefined
    } catch {
      // Whoever asks meanwhile is told.
      plan()
    }
  }
}
