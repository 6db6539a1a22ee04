import { StorageFull } from '../errors.js'
import type { Archive } from '../find/archive/archive.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Launches } from '../nodes/launches.js'
import type { Registry } from '../nodes/registry.js'
import type { StreamTickets } from '../nodes/stream-tickets.js'

export interface RemovingOptions {
  registry: Pick<Registry, 'remove'>
  store: Pick<LogStore, 'remove'>
  appender: Appender
  launches: Pick<Launches, 'forget'>
  archive: Pick<Archive, 'forget'>
  tickets: Pick<StreamTickets, 'forgetNode'>
  /** Makes some room on a full disk while it acts. */
  withRoom: <T>(act: () => Promise<T>) => Promise<T>
}

/** Deletes a node and its log. Throws 409 if a launch of it is not over. */
export function createRemoving(options: RemovingOptions) {
  const { registry, store, appender, launches, archive, tickets, withRoom } = options
  return async (nodeId: string): Promise<void> => {
    // Deleting takes room too, and on a full disk it is what makes some.
    await orWithRoom(() => remove(nodeId), withRoom)
    await tickets.forgetNode(nodeId)
  }

  function remove(nodeId: string): Promise<void> {
    return launches.forget(nodeId, async () => {
      // Either of them alone is a node that can be deleted again. The list goes first, because
      // whoever asks for a node of which there is only a list gives it a record.
      await appender.remove(nodeId, async () => {
        await store.remove(nodeId)
        await archive.forget(nodeId)
        await registry.remove(nodeId)
      })
    })
  }
}

/** Does it again with some room where the disk is full. */
function orWithRoom(
  act: () => Promise<void>,
  withRoom: RemovingOptions['withRoom'],
): Promise<void> {
  return act().catch((error) => {
    if (!(error instanceof StorageFull)) throw error
    return withRoom(act)
  })
}
