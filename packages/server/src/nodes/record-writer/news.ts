import type { LogEntry } from '@launchtail/client/protocol'
import { readEntry } from '../../logs/entry-text.js'

/** A stretch of a node's list: `length` elements from `index` on, without those that are no entries. */
export interface News {
  readonly index: number
  readonly length: number
  readonly entries: readonly LogEntry[]
}

/** The texts that are entries: other programs write to the lists too. */
export function readable(texts: readonly string[]): LogEntry[] {
  return texts.map(readEntry).filter((entry) => entry !== undefined)
}
