import { readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'

/** Tells a redactor that what follows is the middle of a private key. */
export const BEGIN_KEY = '-----BEGIN PRIVATE KEY-----'

/** Lines of other processes that may stand between two lines of a key. */
const LOOK_BACK = 20
const MASKED_LINE = /^(?:\([^()]{1,100}\) ?)*\s*\*\*\*$/

/**
 * True if the log may end in the middle of a private key: one of its last lines was masked as a
 * whole. Output that is continued there does not show by itself that it is part of a key.
 */
export async function endsInKey(
  store: Pick<LogStore, 'length' | 'readBefore'>,
  nodeId: string,
): Promise<boolean> {
  const length = await store.length(nodeId)
  const texts = await store.readBefore(nodeId, length, LOOK_BACK)
  return texts.some((text) => MASKED_LINE.test(readEntry(text)?.message ?? ''))
}
