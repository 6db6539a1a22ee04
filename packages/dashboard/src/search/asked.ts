import type { Level } from '@launchtail/client'
import { LEVELS } from '@launchtail/client/protocol'

/** What the address asks for. An empty text is no condition. */
export interface Asked {
  readonly q: string
  readonly level: string
  readonly since: string
  readonly until: string
  readonly node: string
}

export function askedIn(query: URLSearchParams): Asked {
  const of = (name: keyof Asked) => query.get(name) ?? ''
  return {
    q: of('q'),
    level: LEVELS.find((one) => one === of('level')) ?? '',
    since: of('since'),
    until: of('until'),
    node: of('node'),
  }
}

/** The same as the server is asked for it. */
export function conditionsOf({ q, level, since, until, node }: Asked) {
  return {
    ...(q && { q }),
    ...(level && { level: level as Level }),
    ...(since && { since }),
    ...(until && { until }),
    ...(node && { node }),
  }
}
