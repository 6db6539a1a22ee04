import type { Sqlite } from '../../sqlite.js'
import { type LogStore, READ_BYTES } from '../store.js'
import { attempt } from './faults.js'
import { prepareReads, ROW_END } from './statements.js'

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
    const read = upToBytes()
    for (let at = from; at < end && !read.isFull(); ) {
      const { first, texts, rows } = foundIn(find.first.get(id, at, end, read.rowsNext()), textsOf)
      // The first row may begin before what is asked for, and the last one end behind it.
      const wanted = texts.slice(at - first, end - first)
      if (wanted.length === 0) break
      read.take(wanted, rows)
      at += wanted.length
    }
    return read.texts
  }

  function readBack({ id }: List, to: number, start: number): string[] {
    const read = upToBytes()
    for (let at = to; at > start && !read.isFull(); ) {
      const found = find.last.get(id, start, at, read.rowsNext())
      const { first, texts, rows } = foundIn(found, textsBackOf)
      const end = first + texts.length
      const wanted = texts.slice(end - at, end - Math.max(start, first))
      if (wanted.length === 0) break
      read.take(wanted, rows)
      at -= wanted.length
    }
    return read.texts.reverse()
  }

  function listOf(nodeId: string): List | undefined {
    return find.list.get(nodeId, now()) as List | undefined
  }
}

/** What a statement found: the texts, the index of the first of all, and the number of rows that they were in. */
function foundIn(found: unknown, textsOf: (row: string) => string[]) {
  const { first, bodies } = found as { first: number | null; bodies: string | null }
  const rows = bodies === null ? [] : bodies.split(ROW_END)
  // Most rows have one text.
  const texts = bodies?.includes('\n') ? rows.flatMap(textsOf) : rows
  return { first: first ?? 0, texts, rows: rows.length }
}

function textsOf(row: string): string[] {
  return row.split('\n')
}

/** The last one first. */
function textsBackOf(row: string): string[] {
  return row.split('\n').reverse()
}

/** Takes texts, at least one, until they would be too many bytes. */
function upToBytes() {
  const texts: string[] = []
  let size = 0
  let rowsTaken = 0
  let full = false
  return { texts, isFull: () => full, rowsNext, take }

  function take(more: readonly string[], rows: number): void {
    rowsTaken += rows
    for (const text of more) {
      size += text.length
      full = texts.length > 0 && size > READ_BYTES
      if (full) return
      texts.push(text)
    }
  }

  /** Rows to read next, by the size of those that were read: few at first, then about the rest. */
  function rowsNext(): number {
    if (rowsTaken === 0) return 16
    const rest = Math.ceil(((READ_BYTES - size) * rowsTaken) / (size + 1))
    return Math.max(1, Math.min(rowsTaken * 8, rest))
  }
}
