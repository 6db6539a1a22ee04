import type { LaunchNumbers } from '../../nodes/launch-numbers.js'
import type { LaunchAt, MergedId } from './id.js'
import { addPlace, dropPosition, newPlace, newPosition, type Position } from './position.js'
import type { Sources } from './sources.js'

export interface ResumeOptions {
  numbers: Pick<LaunchNumbers, 'named'>
  sources: Sources
  filter: Buffer
}

/** Logs that are opened at once. */
const AT_ONCE = 16

/** Where a reader goes on that comes with an id; undefined where one of its launches is forgotten. */
export async function resume(
  id: MergedId,
  { numbers, sources, filter }: ResumeOptions,
): Promise<Position | undefined> {
  const position = newPosition(filter, id.joined)
  position.ends = [...id.ends]
  const named = await numbers.named(id.launches.map(({ number }) => number))
  const launches = new Map(named.map((launch) => [launch.number, launch]))
  if (launches.size < id.launches.length) return undefined
  try {
    for (let first = 0; first < id.launches.length; first += AT_ONCE) {
      const opening = id.launches.slice(first, first + AT_ONCE).map(open)
      const failed = (await Promise.allSettled(opening)).find(({ status }) => status === 'rejected')
      if (failed) throw (failed as PromiseRejectedResult).reason
    }
    return position
  } catch (error) {
    dropPosition(position, sources)
    throw error
  }

  async function open({ number, cursor }: LaunchAt): Promise<void> {
    const { nodeId = '', deleted = true } = launches.get(number) ?? {}
    const source = deleted ? undefined : await sources.take(nodeId)
    const place = newPlace(source ?? sources.ofDeleted(nodeId), { number, cursor })
    addPlace(position, place)
    if (id.current === number && cursor.index >= 0) position.rest = place
  }
}
