import type { LogEntry } from '@launchtail/client/protocol'
import type { ReadText } from '../../logs/entry-text.js'

/**
 * A stretch of a node's list: `length` elements from `index` on. Other programs write to the lists
 * too: an element that is no entry is undefined.
 */
export interface News {
  readonly index: number
  readonly length: number
  readonly entries: readonly (LogEntry | undefined)[]
}

export function readable(
  texts: readonly string[],
  { nodeId, readText }: { nodeId: string; readText: ReadText },
): News['entries'] {
  return texts.map((text) => readText(text, nodeId))
}
