/** Something that is done again and again, one round at a time. */
export interface Rounds {
  /** Makes a round now, or joins the one under way. It never fails: `onFault` has been told. */
  now(): Promise<void>
  /** Makes no more rounds. Ends with the one under way. */
  stop(): Promise<void>
}

export interface RoundsOptions {
  /** Milliseconds between two rounds. One that takes longer delays the next. */
  every: number
  onFault: (error: unknown) => void
}

/** Starts rounds that keep no process alive. */
export function startRounds(round: () => Promise<void>, { every, onFault }: RoundsOptions): Rounds {
  let underWay: Promise<void> | undefined
  const timer = setInterval(() => void now(), every)
  timer.unref()
  return {
    now,
    async stop() {
      clearInterval(timer)
      await underWay
    },
  }

  function now(): Promise<void> {
    underWay ??= round()
      .catch(onFault)
      .finally(() => {
        underWay = undefined
      })
    return underWay
  }
}
