import { LONGEST } from './entry-text.js'

/** Bytes of texts that one read returns at most. What is read takes several times as much memory. */
export const READ_BYTES = 512 * 1024

/** Milliseconds for which the answer of a request that must take effect once is kept. */
export const REPLY_KEPT = 24 * 3_600_000

/** True if a read of at most `limit` texts gave these because the list had no more. */
export function isAtEnd(texts: readonly string[], limit: number): boolean {
  if (texts.length >= limit) return false
  let characters = 0
  for (const { length } of texts) characters += length
  // One that is cut short has no room for the longest text; a character has up to three bytes.
  return characters * 3 <= READ_BYTES - LONGEST
}

import type { Owners } from './owners.js'

/**
 * Where the nodes' logs are kept: one list of texts per node, each text an entry's JSON.
 *
 * Every call ends within two seconds, with StorageUnavailable where the storage does not answer.
 */
export interface LogStore {
  /** Appends all texts or none, in one atomic step. */
  append(nodeId: string, texts: readonly string[], how?: AppendHow): Promise<Appended>
  /**
   * The texts from an index on: at most `limit`, and no more than READ_BYTES, except that there is
   * always one. None only at the list's end.
   */
  read(nodeId: string, from: number, limit: number): Promise<string[]>
  /**
   * The texts right before an index, oldest first, bounded in the same way. None where the list does
   * not reach as far as `to`.
   */
  readBefore(nodeId: string, to: number, limit: number): Promise<string[]>
  /** The number of entries in the list; 0 where there is none. */
  length(nodeId: string): Promise<number>
  /** An offset's position; 0 where it was never set. */
  offset(nodeId: string, name: string): Promise<number>
  /** Removes the list, its offsets and its kept replies. */
  remove(nodeId: string): Promise<void>
  /** Calls the watcher with what happens to a list, until the returned function is called. */
  watch(nodeId: string, watcher: Watcher): () => void
  /** Who looks after which node. */
  readonly owners: Owners
  /** True if each call waits for another process, and this one can work meanwhile. */
  readonly isRemote: boolean
  /** Resolves where the storage answers and can be written to. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface AppendHow {
  /** The list as the caller knows it. If it has changed since, nothing is appended. */
  readonly precondition?: { readonly length: number; readonly last: string | undefined }
  /**
   * A named position in what is being sent in. Nothing is appended unless it is at `from`, and it is
   * at `to` afterwards. So a sender that repeats itself stores nothing twice, nor does a second one.
   */
  readonly offset?: { readonly name: string; readonly from: number; readonly to: number }
  /**
   * The fencing token of the launch's owner, under this name. It grows with each owner. The highest
   * is kept, as an offset, and an append with a lower one stores nothing.
   */
  readonly fence?: { readonly name: string; readonly token: number }
  /**
   * Nothing is appended to a list that another server has removed, unless somebody has claimed its
   * node since. A store that one process uses alone does not look: see the appender.
   */
  readonly unlessRemoved?: boolean
  /** A request that must take effect once. The answer is kept in the same step. */
  readonly once?: { readonly key: string; readonly digest: string; readonly answer: string }
}

export type Appended =
  /** `index` is the first appended text's place in the list. */
  | { readonly outcome: 'stored'; readonly index: number }
  /** The precondition did not hold. */
  | { readonly outcome: 'moved' }
  /** The offset is at `position` and not at `from`. */
  | { readonly outcome: 'elsewhere'; readonly position: number }
  /** An append with a higher fencing token came first. */
  | { readonly outcome: 'fenced' }
  /** The list was removed, and its node with it. */
  | { readonly outcome: 'removed' }
  /** The key was used before, by a request with this digest; its first text is at `index`. */
  | {
      readonly outcome: 'replayed'
      readonly digest: string
      readonly index: number
      readonly answer: string
    }

/** Called with what happens to a watched list. The watcher checks it against what it has. */
export interface Watcher {
  /** The index of the watcher's own newest entry, from which a poll reads; -1 for none. */
  position(): number
  /**
   * The list's texts from `index` on. `previous` is the check of the entry before them, or
   * undefined where the store does not know it; then the first of the texts may be the watcher's
   * own newest entry again.
   */
  appended(news: { index: number; previous: string | undefined; texts: readonly string[] }): void
  /** Something happened; the watcher reads to learn what. */
  changed(): void
  /** The list was removed on purpose. */
  removed(): void
  /** The storage is out of reach. */
  lost(): void
  /** The storage is back. */
  found(): void
}
