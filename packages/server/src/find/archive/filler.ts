import type { Filling } from './fill.js'
import type { Hole } from './holes.js'
import { hasAt, type PageReaderOptions } from './page-reader.js'
import { PAGE } from './pages.js'
import type { Pauses } from './pauses.js'

/** Takes in what was passed over. */
export interface Filler {
  /** True if something was passed over, or may have been: by a process that was killed. */
  hasHoles(): Promise<boolean>
  /** Something was passed over. */
  passed(): void
  /** It is not known any more what the archive has. */
  forget(): void
  /** Takes everything in: a part at a time, with pauses unless a search waits. */
  fill(): Promise<void>
  /** Begins with it if something is known to be missing. Nobody waits for it. */
  fillLater(): void
  stop(): Promise<void>
}

export interface FillerOptions extends PageReaderOptions {
  pauses: Pick<Pauses, 'pauseAfter' | 'pace'>
  /** Grows with each node that is removed. */
  removals: () => number
  /** Entries that are stored in one transaction. */
  most: number
  /** It could not be taken in. */
  onFault: (error: unknown) => void
}

export function createFiller(options: FillerOptions): Filler {
  const { thread, pauses, removals, most, onFault } = options
  let isSomething: boolean | undefined
  let filling: Promise<void> | undefined
  let stopped = false
  return {
    hasHoles: async () => {
      isSomething ??= (await thread.call('holes')).length > 0
      return isSomething
    },
    passed() {
      isSomething = true
    },
    forget() {
      isSomething = undefined
    },
    fill,
    fillLater() {
      if (isSomething) fill().catch(onFault)
    },
    async stop() {
      stopped = true
      await filling?.catch(() => {})
    },
  }

  function fill(): Promise<void> {
    filling ??= fillAll().finally(() => {
      filling = undefined
    })
    return filling
  }

  async function fillAll(): Promise<void> {
    while (isSomething !== false && !stopped) {
      const begun = performance.now()
      const before = removals()
      const holes = await thread.call('holes')
      isSomething = holes.length > 0
      const fillings = await readHoles(holes, most, options)
      // What was read may be of a node that is gone.
      if (removals() !== before || fillings.length === 0) continue
      await thread.call('fill', fillings, pauses.pace())
      await pauses.pauseAfter(performance.now() - begun, true)
    }
  }
}

/** Reads until there are about as many entries as are wanted. */
async function readHoles(
  holes: readonly Hole[],
  most: number,
  { store, toBeArchived }: PageReaderOptions,
): Promise<Filling[]> {
  const fillings: Filling[] = []
  let count = 0
  for (const { list, nodeId, from, to, check } of holes) {
    if (count >= most) break
    const isSame = await hasAt(store, nodeId, { index: to, check })
    const texts = isSame ? await store.read(nodeId, from, Math.min(PAGE, to - from)) : []
    const archived = texts.length > 0 ? await toBeArchived(nodeId, texts, from) : { texts }
    fillings.push({ list, from, ...archived })
    count += texts.length
  }
  return fillings
}
