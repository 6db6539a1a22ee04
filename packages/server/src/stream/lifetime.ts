/**
 * When unfinished streams end, and when their clients connect again. All of it is spread out, so that
 * the readers of a fleet do not come at once.
 */

/** Milliseconds until a stream is ended, to be opened anew: the setting, a tenth more or less. */
export function lifetimeOf(timeout: number, random: () => number): number {
  return timeout * (0.9 + 0.2 * random())
}

/** Milliseconds a client is told to wait before it connects again. */
export function retryOf(random: () => number): number {
  return Math.round(1500 + 2500 * random())
}

/**
 * Ends streams evenly over so many milliseconds. Each is told to wait from a second to twice as
 * long as that before it connects again.
 */
export async function endEvenly<T>(
  streams: Iterable<T>,
  over: number,
  { end, random }: { end: (stream: T, retry: number) => void; random: () => number },
): Promise<void> {
  const leaving = [...streams]
  await Promise.all(
    leaving.map(async (stream, i) => {
      if (over > 0) await new Promise((resolve) => setTimeout(resolve, (over * i) / leaving.length))
      end(stream, Math.round(1000 + random() * Math.max(0, 2 * over - 1000)))
    }),
  )
}
