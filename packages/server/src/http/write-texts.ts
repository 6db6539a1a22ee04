import type { LogEntry } from '@launchtail/client/protocol'
import { type ReadText, readEntry, writeEntry } from '../logs/entry-text.js'
import { isWhole } from '../logs/in-context.js'

/** Characters of texts that are remembered: some 16,000 entries. */
const REMEMBERED = 4 * 1024 * 1024

/** Stands for a text that needs those before it to be read. */
const INCOMPLETE = Symbol('incomplete')

type Written = string | typeof INCOMPLETE | undefined

/**
 * Gives stored texts as they are sent: all that are entries. Reading an entry and writing it again
 * costs ten times as much as looking it up, and a log that was asked for is soon asked for again.
 */
export function createWriter(readText: ReadText) {
  // Nobody but this server writes to the store: each text is an entry as it is sent.
  const isOurs = readText === readEntry
  /** By node, since what is secret in a text depends on the node's launch. */
  const byNode = new Map<string, Map<string, Written>>()
  let size = 0
  return write

  /** `read` reads the same texts as entries. */
  async function write(
    nodeId: string,
    texts: readonly string[],
    read: () => Promise<readonly (LogEntry | undefined)[]>,
  ): Promise<(string | undefined)[]> {
    const written = texts.map((text) => forward(nodeId, text))
    if (!written.includes(INCOMPLETE)) return written as (string | undefined)[]
    return (await read()).map((entry) => entry && writeEntry(entry))
  }

  function forward(nodeId: string, text: string): Written {
    if (isOurs) return text
    const known = byNode.get(nodeId) ?? new Map<string, Written>()
    const before = known.get(text)
    if (before !== undefined || known.has(text)) return before
    const entry = readText(text, nodeId)
    const written = entry && (isWhole(entry) ? writeEntry(entry) : INCOMPLETE)
    size += text.length
    if (size > REMEMBERED) {
      byNode.clear()
      known.clear()
      size = text.length
    }
    byNode.set(nodeId, known)
    // Nearly always the same text, which is then kept once.
    known.set(text, written === text ? text : written)
    return written
  }
}
