import type { Sqlite } from '../../sqlite.js'
import { type LogStore, READ_BYTES } from '../store.js'
import { attempt } from './faults.js'
import { prepareReads } from './statements.js'

type List = { id: number; length: number }

/** The reading calls of the store, on a connection that sees only what is committed. */
export function createReads(
  db: Sqlite,
  now: () => number,
): Pick<LogStore, 'read' | 'readBefore' | 'length' | 'offset' | 'ping'> {
  const find = prepareReads(db)
  return {
    read: (nodeId, from, limit) =>
      attempt(() => {
        const list = listOf(nodeId)
        return list ? readOn(list, from, Math.min(from + limit, list.length)) : []
      }),
    readBefore: (nodeId, to, limit) =>
      attempt(() => {
        const list = listOf(nodeId)
        return list && to <= list.length ? readBack(list, to, Math.max(0, to - limit)) : []
      }),
    length: (nodeId) => attempt(() => listOf(nodeId)?.length ?? 0),
    offset: (nodeId, name) =>
      attempt(
        () => (find.offset.get(nodeId, name) as { position: number } | undefined)?.position ?? 0,
      ),
    ping: () => attempt(() => void find.one.get()),
  }

  function readOn({ id }: List, from: number, end: number): string[] {
    const texts: string[] = []
    let size = 0
    for (let at = from; at < end; ) {
      const chunk = between(id, at, Math.min(end, at + chunkAfter(texts.length, size)))
      if (chunk.length === 0) break
      for (const text of chunk) {
        size += text.length
        if (texts.length > 0 && size > READ_BYTES) return texts
        texts.push(text)
      }
      at += chunk.length
    }
    return texts
  }

  function readBack({ id }: List, to: number, start: number): string[] {
    const texts: string[] = []
    let size = 0
    for (let at = to; at > start; ) {
      const chunk = between(id, Math.max(start, at - chunkAfter(texts.length, size)), at)
      if (chunk.length === 0) break
      at -= chunk.length
      for (const text of chunk.reverse()) {
        size += text.length
        if (texts.length > 0 && size > READ_BYTES) return texts.reverse()
        texts.push(text)
      }
    }
    return texts.reverse()
  }

  function between(id: number, from: number, end: number): string[] {
    const { bodies } = find.entries.get(id, from, end - from) as { bodies: string | null }
    return bodies === null ? [] : bodies.split('\n')
  }

  function listOf(nodeId: string): List | undefined {
    return find.list.get(nodeId, now()) as List | undefined
  }
}

/** Entries to read next, by the size of those that were read: few at first, then about the rest. */
function chunkAfter(count: number, size: number): number {
  if (count === 0) return 16
  return Math.max(1, Math.min(count * 4, Math.ceil(((READ_BYTES - size) * count) / (size + 1))))
}
