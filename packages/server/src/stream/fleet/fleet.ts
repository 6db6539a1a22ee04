import type { ServerResponse } from 'node:http'
import { stopping } from '../../errors.js'
import type { NodeAbout } from '../../nodes/node-pages.js'
import type { Registry } from '../../nodes/registry.js'
import { FORMATS } from '../formats.js'
import { retryOf } from '../lifetime.js'
import { createReaders, type Lifetimes } from '../readers.js'
import { startTicks } from '../ticks.js'
import { createFleetBeginning } from './beginning.js'
import { createFleetChanges } from './changes.js'
import { createFleetPublisher } from './publisher.js'
import { catchUp, type FleetReader } from './reader.js'

/**
 * From the nodes' records to all who watch the fleet.
 *
 * Changes are kept as the newest state of each node, in the order of the changes, as long as a
 * reader lacks them. So a reader is a number: the last change it has been sent. A slow one is
 * passed over and later gets the newest state of each node, and no reader costs more than what its
 * socket holds.
 */
export interface Fleet {
  /**
   * Sends the nodes of now and then each change, of all nodes or of `only` some. `accept` gives the
   * answer, its head written.
   */
  open(accept: () => ServerResponse, only?: (node: NodeAbout) => boolean): Promise<void>
  /** The number of readers. */
  readers(): number
  /** Ends all streams, evenly over so many milliseconds. */
  drain(over: number): Promise<void>
}

export interface FleetOptions extends Lifetimes {
  registry: Pick<Registry, 'list' | 'records' | 'count' | 'watch'>
  onFault: (message: string, error: unknown) => void
}

export function createFleet({ registry, onFault, ...lifetimes }: FleetOptions): Fleet {
  const { now = () => performance.now(), random = Math.random } = lifetimes
  const changes = createFleetChanges()
  const readers = createReaders<FleetReader>({
    ...lifetimes,
    heartbeatOf: () => ': alive\n\n',
    onGone(reader) {
      reader.onRoom()
      if (readers.all.size === 0) publisher.forget()
      trim()
    },
  })
  const publisher = createFleetPublisher({ registry, changes, readers, onSent: trim, onFault, now })
  const begin = createFleetBeginning({ registry, changes, readers, onFault })
  let draining = false
  const unwatch = registry.watch((nodeId) => {
    if (readers.all.size > 0) publisher.changed(nodeId)
  })
  const ticks = startTicks(readers.tick, { ...lifetimes, onFault })
  return { open, readers: () => readers.all.size, drain }

  async function open(
    accept: () => ServerResponse,
    only?: (node: NodeAbout) => boolean,
  ): Promise<void> {
    if (draining) throw stopping()
    // Asked first, so that a failure comes before the first byte.
    // How many others there are is nothing for somebody who may see only some.
    const total = only ? 0 : await registry.count()
    const view = only && { only, shown: new Set<string>() }
    const response = accept()
    const reader = readers.add(
      response,
      (life) => ({ ...life, view, seen: changes.newest(), ready: false, onRoom() {} }),
      proceed,
    )
    readers.say(reader, `: nodes\n${FORMATS.sse.retry(retryOf(random))}`)
    // Not awaited: it ends when the reader has read it all, which may be never.
    void begin(reader, total)
  }

  function proceed(reader: FleetReader): void {
    reader.onRoom()
    if (reader.ready) catchUp(reader, changes, readers)
  }

  /** Forgets the changes that every reader has been sent. */
  function trim(): void {
    changes.forget(Math.min(changes.newest(), ...[...readers.all].map(({ seen }) => seen)))
  }

  async function drain(over: number): Promise<void> {
    draining = true
    unwatch()
    publisher.stop()
    await readers.drain(over, (_reader, retry) => FORMATS.sse.retry(retry))
    await ticks.stop()
  }
}
