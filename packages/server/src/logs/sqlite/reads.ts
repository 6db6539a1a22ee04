import type { Sqlite } from '../../sqlite.js'
import type { LogStore } from '../store.js'
import { attempt } from './faults.js'
import { prepareReads } from './statements.js'

type List = { id: number; length: number }

/** The reading calls of the store, on a connection that sees only what is committed. */
export function createReads(
  db: Sqlite,
  now: () => number,
): Pick<LogStore, 'read' | 'length' | 'offset' | 'ping'> {
  const find = prepareReads(db)
  return {
    read: (nodeId, from, limit) =>
      attempt(() => {
        const list = listOf(nodeId)
        if (!list || limit <= 0) return []
        const most = Math.min(limit, list.length)
        const { bodies } = find.entries.get(list.id, from, most) as { bodies: string | null }
        return bodies === null ? [] : bodies.split('\n')
      }),
    length: (nodeId) => attempt(() => listOf(nodeId)?.length ?? 0),
    offset: (nodeId, name) =>
      attempt(
        () => (find.offset.get(nodeId, name) as { position: number } | undefined)?.position ?? 0,
      ),
    ping: () => attempt(() => void find.one.get()),
  }

  function listOf(nodeId: string): List | undefined {
    return find.list.get(nodeId, now()) as List | undefined
  }
}
