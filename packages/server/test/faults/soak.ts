import type { Badness, Day } from './bad-days.js'
import { misfortune } from './bad-days.js'
import type { Fleet } from './fleet.js'
import { type Sample, startSampling } from './samples.js'

/**
 * Faults for a long time, and what the first server holds meanwhile. Servers are ended and frozen too, except for that
 * one: a process that is started again forgets what it has leaked.
 */
export async function soak(day: Day, badness: Badness): Promise<readonly Sample[]> {
  const [first] = day.fleet.replicas
  if (!first) throw new Error('there is no server')
  const sampling = startSampling(first)
  try {
    await misfortune({ ...day, fleet: withoutFirst(day.fleet) }, badness)
  } finally {
    sampling.stop()
  }
  return sampling.stop()
}

function withoutFirst(fleet: Fleet): Fleet {
  return {
    ...fleet,
    get replicas() {
      return fleet.replicas.slice(1)
    },
    restart: (at) => fleet.restart(at + 1),
  }
}
