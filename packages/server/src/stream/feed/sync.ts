import { isAtEnd, type LogStore } from '../../logs/store.js'
import type { AtHand, Loaded } from './at-hand.js'

/** Makes the list at hand agree with the store. */
export interface Sync {
  /** Reads the list for the first time. */
  open(): Promise<void>
  /** Looks at the store now. Ends when the list at hand agrees with it. */
  now(): Promise<void>
  /** The same, for a caller that need not know when. */
  soon(): void
  isOpen(): boolean
  /** Counts the lists that have taken the place of another. */
  replacements(): number
  close(): void
}

export interface SyncOptions {
  nodeId: string
  store: Pick<LogStore, 'length' | 'read' | 'readBefore'>
  atHand: AtHand
  /** Reads the newest texts of a list, from an index on. */
  readNewest: (from: number, texts: readonly string[]) => Promise<Loaded>
  onGrown: () => void
  /** The list has become another one. */
  onReplaced: () => void
}

/** The number of entries loaded at first: the default tail and some more. */
const FIRST_LOAD = 256
const PAGE = 500

export function createSync(options: SyncOptions): Sync {
  const { nodeId, store, atHand, readNewest, onGrown, onReplaced } = options
  let state: 'opening' | 'open' | 'closed' = 'opening'
  let replacements = 0
  let syncing: Promise<void> | undefined
  /** Something happened during a read, and may not be in what was read. */
  let again = false
  return {
    async open() {
      await load()
      state = 'open'
      if (again) soon()
    },
    now,
    soon,
    isOpen: () => state === 'open',
    replacements: () => replacements,
    close() {
      state = 'closed'
    },
  }

  async function load(): Promise<void> {
    const end = await store.length(nodeId)
    const texts = await store.readBefore(nodeId, end, FIRST_LOAD)
    // No text means that the list was removed since it was measured.
    const from = texts.length === 0 ? 0 : end - texts.length
    atHand.reset(from, await readNewest(from, texts))
  }

  function soon(): void {
    // A store that fails is reported through `lost`; the next news or poll looks again.
    now().catch(() => {})
  }

  function now(): Promise<void> {
    // What is read during the first load would be added twice.
    if (syncing || state === 'opening') {
      again = true
      return syncing ?? Promise.resolve()
    }
    syncing = untilAgreed().finally(() => {
      syncing = undefined
    })
    return syncing
  }

  async function untilAgreed(): Promise<void> {
    do {
      again = false
      for (;;) {
        if (state === 'closed') return
        const before = atHand.version()
        const from = Math.max(0, atHand.length() - 1)
        const texts = await store.read(nodeId, from, PAGE)
        if (!atHand.agrees(from, texts)) {
          // Not if something was announced during the read: it may be of the list there is now.
          if (atHand.version() === before) await replace()
          // Another look finds what came while it was loaded anew.
          again = true
          break
        }
        // What was announced during the read is known already. Behind a busy writer there is some
        // after each read, so only the rest is added.
        const fresh = texts.slice(atHand.length() - from)
        if (fresh.length > 0) {
          atHand.append(fresh)
          onGrown()
        }
        if (isAtEnd(texts, PAGE)) break
      }
    } while (again)
  }

  async function replace(): Promise<void> {
    replacements += 1
    await load()
    onReplaced()
  }
}
