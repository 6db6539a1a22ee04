import { foldLaunch, type LaunchState, NOT_LAUNCHED } from '@launchtail/client/protocol'
import { readEntry } from './entry-text.js'
import { createLookBack, readInContext } from './in-context.js'
import type { LogStore } from './store.js'

/** A list's state, which the next append must know. */
export interface ListState extends LaunchState {
  readonly length: number
  /** The text of the newest entry. */
  readonly last: string | undefined
}

/** The states of the lists that were appended to last. */
export interface ListStates {
  /** The state as it is remembered, else as it is read from the store. */
  of(nodeId: string): Promise<ListState>
  remember(nodeId: string, state: ListState): void
  forget(nodeId: string): void
}

export interface ListStatesOptions {
  store: LogStore
  /** The state of a node whose list has no entries: never launched, or expired. */
  before: (nodeId: string) => Promise<LaunchState | undefined>
}

/** The number of entries read back to learn where a launch is. */
const LOOK_BACK = 200
/** The number of lists whose state is kept in memory. */
const KEPT_STATES = 10_000

export function createListStates({ store, before }: ListStatesOptions): ListStates {
  const states = new Map<string, ListState>()
  return {
    of: async (nodeId) => states.get(nodeId) ?? (await load(nodeId)),
    remember,
    forget: (nodeId) => void states.delete(nodeId),
  }

  async function load(nodeId: string): Promise<ListState> {
    const length = await store.length(nodeId)
    const texts = await store.readBefore(nodeId, length, LOOK_BACK)
    const lookBack = createLookBack({
      store,
      readText: readEntry,
      nodeId,
      createdAt: async () => '',
    })
    const newest = await readInContext(texts, length - texts.length, {
      readText: readEntry,
      nodeId,
      lookBack,
    })
    const entries = newest.filter((entry) => entry !== undefined)
    // Appends must go on while the records are away, so the list is asked first.
    const start = entries.length > 0 ? undefined : await before(nodeId)
    const launch = entries.reduce<LaunchState>(foldLaunch, start ?? NOT_LAUNCHED)
    const state = { ...launch, length: texts.length > 0 ? length : 0, last: texts.at(-1) }
    remember(nodeId, state)
    return state
  }

  function remember(nodeId: string, state: ListState): void {
    // Deleted first, so that it goes to the end.
    states.delete(nodeId)
    states.set(nodeId, state)
    if (states.size <= KEPT_STATES) return
    const [oldest] = states.keys()
    if (oldest !== undefined) states.delete(oldest)
  }
}
