import { checkOf } from '../../logs/check.js'
import { type ReadText, writeEntry } from '../../logs/entry-text.js'
import { createLookBack, readInContext, UNKNOWN_TIME } from '../../logs/in-context.js'
import type { LogStore } from '../../logs/store.js'
import type { Page } from './pages.js'

/** Gives the texts of a node's list, from an index on, as the archive keeps them. */
export type ToBeArchived = (
  nodeId: string,
  texts: readonly string[],
  from: number,
) => Promise<Pick<Page, 'texts' | 'checks'>>

/** For a store that only this server writes to: each text is an entry as it is sent. */
export const asStored: ToBeArchived = async (_nodeId, texts) => ({ texts })

export interface ReadableOptions {
  store: Pick<LogStore, 'readBefore'>
  readText: ReadText
  createdAt: (nodeId: string) => Promise<string | undefined>
}

/**
 * For a store that other programs write to: their entries are kept as they are shown, with what they
 * take from those before them and without their secrets.
 */
export function asShown({ store, readText, createdAt }: ReadableOptions): ToBeArchived {
  return async (nodeId, texts, from) => {
    const created = async () => (await createdAt(nodeId)) ?? UNKNOWN_TIME
    const lookBack = createLookBack({ store, readText, nodeId, createdAt: created })
    const entries = await readInContext(texts, from, { readText, nodeId, lookBack })
    const shown = entries.map((entry) => (entry ? writeEntry(entry) : ''))
    const checks = texts.map((text, i) => (text === shown[i] ? undefined : checkOf(text)))
    return { texts: shown, checks }
  }
}
