import { type ChildSignal, childSignal } from '@launchtail/client/async'
import { type Answered, healthAsker } from './ask-health.js'
import type { HealthTarget } from './targets.js'

/** A server that is asked again and again, and what is known of it. */
export interface Watched {
  readonly endpoint: string
  readonly work: ChildSignal
  readonly ask: () => Promise<Answered>
  /** How often in a row it has failed to answer. */
  failures: number
  /** When it first failed to answer, in milliseconds since 1970; undefined while it answers. */
  since: number | undefined
  /** True once the log says that it is unhealthy. */
  isTold: boolean
}

/** Failures in a row after which a server is unhealthy: one alone may be a lost packet. */
export const FAILURES = 3

export function watch({ endpoint, how, health }: HealthTarget): Watched {
  const work = childSignal()
  const isTold = health?.ok === false
  return {
    endpoint,
    work,
    ask: healthAsker({ ...how(), signal: work.signal }),
    failures: isTold ? FAILURES : 0,
    since: isTold ? Date.parse(health.since) : undefined,
    isTold,
  }
}
