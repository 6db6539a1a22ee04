import type { Stats } from '@launchtail/client/protocol'
import type { CountedLaunch, Kind } from './counted-launch.js'

/** In milliseconds. */
const HOUR = 3_600_000

type Place = Stats['capacity'][number]

/** Counts by region and hour of the day which launches failed because there was no capacity. */
export function createCapacity() {
  const places = new Map<string, Place>()
  const byKind = new Map<Kind, Place>()
  return {
    add({ kind, endedAt }: CountedLaunch): void {
      const place = byKind.get(kind) ?? placeOf(kind)
      byKind.set(kind, place)
      const hour = Math.floor(endedAt / HOUR) % 24
      place.launches[hour] = (place.launches[hour] ?? 0) + 1
      if (kind.code === 'no_capacity') place.failed[hour] = (place.failed[hour] ?? 0) + 1
    },
    /** The places where launches failed for it, those with the most of them first. */
    read(): Place[] {
      return [...places.values()]
        .filter(({ failed }) => sum(failed) > 0)
        .sort((a, b) => sum(b.failed) - sum(a.failed))
    },
  }

  function placeOf({ provider, region }: Kind): Place {
    const key = JSON.stringify([provider, region])
    const known = places.get(key) ?? {
      ...(provider !== undefined && { provider }),
      ...(region !== undefined && { region }),
      launches: new Array<number>(24).fill(0),
      failed: new Array<number>(24).fill(0),
    }
    places.set(key, known)
    return known
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0)
}
