import { setImmediate as nextTurn } from 'node:timers/promises'
import { checkBefore } from '../check.js'
import { type Appended, type AppendHow, REPLY_KEPT } from '../store.js'
import type { Removal } from './removal.js'
import type { WriteStatements } from './statements.js'
import { SLICE_LENGTH } from './writer.js'

/** Appends to the node's list, within a transaction. */
export type AppendToList = (
  nodeId: string,
  texts: readonly string[],
  how: AppendHow,
) => Promise<AppendResult>

export interface AppendResult {
  readonly appended: Appended
  /** The check of the entry before the appended ones. */
  readonly previous?: string
}

export interface AppendToListOptions {
  write: WriteStatements
  removal: Removal
  /** Milliseconds a list is kept after its last append. */
  retention: number
  now: () => number
}

/**
 * Characters from which on a row is full. To write the entries of a long append row by row takes half as
 * much processor time again, and reading them too.
 */
const ROW = 16 * 1024

interface List {
  readonly id: number
  readonly length: number
}

type Body = { body: string }
type Reply = { digest: string; index: number; answer: string }

export function createAppendToList(options: AppendToListOptions): AppendToList {
  const { write, removal, retention, now } = options
  return append

  async function append(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow,
  ): Promise<AppendResult> {
    const { precondition, fence } = how
    const newest = fence ? positionOf(nodeId, fence.name) : 0
    const refusal = refusalOf(nodeId, how, newest)
    if (refusal) return { appended: refusal }
    const list = open(nodeId, texts.length > 0)
    const last = list.length > 0 ? lastLine((write.last.get(list.id) as Body).body) : undefined
    if (precondition && (precondition.length !== list.length || precondition.last !== last)) {
      return { appended: { outcome: 'moved' } }
    }
    await insert(list, texts)
    if (texts.length > 0) write.grow.run(list.length + texts.length, now() + retention, list.id)
    note(nodeId, how, list.length)
    // An expired token reads as 0, and the next append stores it again.
    if (fence && newest < fence.token) {
      write.offset.run(nodeId, fence.name, fence.token, now() + retention)
    }
    return { appended: { outcome: 'stored', index: list.length }, previous: checkBefore(last) }
  }

  async function insert({ id, length }: List, texts: readonly string[]): Promise<void> {
    let written = 0
    for (let i = 0; i < texts.length; ) {
      if (written > SLICE_LENGTH) {
        written = 0
        await nextTurn()
      }
      const row = rowFrom(texts, i)
      write.entry.run(id, length + i, row.join('\n'))
      for (const text of row) written += text.length
      i += row.length
    }
  }

  /** The outcome where nothing may be appended, whatever the list holds. */
  function refusalOf(
    nodeId: string,
    { once, fence, offset }: AppendHow,
    newestToken: number,
  ): Appended | undefined {
    if (once) {
      const kept = write.reply.get(nodeId, once.key, now())
      if (kept) return { outcome: 'replayed', ...(kept as Reply) }
    }
    if (fence && newestToken > fence.token) return { outcome: 'fenced' }
    if (offset) {
      const position = positionOf(nodeId, offset.name)
      if (position !== offset.from) return { outcome: 'elsewhere', position }
    }
    return undefined
  }

  /** Stores the new offset, and the reply that a repeated request is given. */
  function note(nodeId: string, { once, offset }: AppendHow, index: number): void {
    if (offset) write.offset.run(nodeId, offset.name, offset.to, now() + retention)
    if (once) {
      write.keep.run(nodeId, once.key, once.digest, index, once.answer, now() + REPLY_KEPT)
    }
  }

  function positionOf(nodeId: string, name: string): number {
    return (write.offsetOf.get(nodeId, name) as { position: number } | undefined)?.position ?? 0
  }

  /** The node's list; a new one where it has expired or there is none. */
  function open(nodeId: string, create: boolean): List {
    const kept = write.list.get(nodeId) as (List & { expires_at: number }) | undefined
    if (kept && kept.expires_at > now()) return kept
    if (!create) return { id: -1, length: 0 }
    if (kept) removal.bury(kept.id)
    const { lastInsertRowid } = write.create.run(nodeId, now() + retention)
    return { id: Number(lastInsertRowid), length: 0 }
  }
}

/** The texts from an index on that share a row. */
function rowFrom(texts: readonly string[], index: number): readonly string[] {
  let end = index
  for (let size = 0; end < texts.length && size < ROW; end += 1) size += texts[end]?.length ?? 0
  return texts.slice(index, end)
}

function lastLine(body: string): string {
  return body.slice(body.lastIndexOf('\n') + 1)
}
