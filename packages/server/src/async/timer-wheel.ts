/** Keys that are due after so many ticks. Whatever their number, one timer drives them all. */
export interface TimerWheel<Key> {
  /** Schedules the key, or reschedules it, for the tick after so many, at least one. */
  schedule(key: Key, ticks: number): void
  cancel(key: Key): void
  /** Moves on by one tick, and returns the keys that are due. */
  tick(): Key[]
}

/** A tick looks at one slot only, so it costs what is due, and every so many rounds what is not yet. */
export function createTimerWheel<Key>(slots = 64): TimerWheel<Key> {
  const wheel = Array.from({ length: slots }, () => new Map<Key, { rounds: number }>())
  const slotOf = new Map<Key, number>()
  let now = 0
  return { schedule, cancel, tick }

  function schedule(key: Key, ticks: number): void {
    cancel(key)
    const after = Math.max(1, Math.round(ticks))
    const slot = (now + after) % slots
    slotOf.set(key, slot)
    wheel[slot]?.set(key, { rounds: Math.floor((after - 1) / slots) })
  }

  function cancel(key: Key): void {
    const slot = slotOf.get(key)
    if (slot === undefined) return
    slotOf.delete(key)
    wheel[slot]?.delete(key)
  }

  function tick(): Key[] {
    now = (now + 1) % slots
    const due: Key[] = []
    for (const [key, waiting] of wheel[now] ?? []) {
      if (waiting.rounds > 0) waiting.rounds -= 1
      else due.push(key)
    }
    for (const key of due) cancel(key)
    return due
  }
}
