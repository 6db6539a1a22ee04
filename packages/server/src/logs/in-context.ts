import { type LogEntry, NOT_LAUNCHED } from '@launchtail/client/protocol'
import type { ReadText, StoredEntry } from './entry-text.js'
import type { LogStore } from './store.js'

/**
 * What an entry takes from the one before it where it leaves it out. So what an entry shows is a
 * function of the list up to it, the same in every process and on every way out.
 */
export type Context = Pick<LogEntry, 'phase' | 'timestamp'>

/** The context in which the entry at an index stands. */
export type LookBack = (index: number) => Promise<Context>

export function inContext(stored: StoredEntry, { phase, timestamp }: Context): LogEntry {
  if (isWhole(stored)) return stored
  // In the order in which entries are written.
  const { level, message, ...more } = stored
  return { timestamp, level, message, phase, ...more }
}

/** The texts as entries, in the context of what comes before `from`; undefined for what is none. */
export async function readInContext(
  texts: readonly string[],
  from: number,
  { readText, nodeId, lookBack }: { readText: ReadText; nodeId: string; lookBack: LookBack },
): Promise<(LogEntry | undefined)[]> {
  const stored = texts.map((text) => readText(text, nodeId))
  const first = stored.find((entry) => entry !== undefined)
  // Nearly every entry says all there is to say, and then nothing needs to be looked up.
  let before = first && (isWhole(first) ? first : await lookBack(from))
  return stored.map((entry) => {
    if (!entry || !before) return undefined
    const whole = inContext(entry, before)
    before = whole
    return whole
  })
}

/** The time of entries that have none, of a node whose record is gone. */
export const UNKNOWN_TIME = '1970-01-01T00:00:00Z'

export interface LookBackOptions {
  store: Pick<LogStore, 'readBefore'>
  readText: ReadText
  nodeId: string
  /** When the node was created, which is the time of entries that have none and follow none. */
  createdAt: () => Promise<string>
}

/** The first entries nearly always tell; one that has to go on takes many at once. */
const FIRST_PAGE = 8
const PAGE = 500
/** An entry after so many that leave out the same is shown as if it were the list's first. */
const FURTHEST = 100_000

/** Looks for the nearest entries before an index that have a phase and a timestamp. */
export function createLookBack(options: LookBackOptions): LookBack {
  const { store, readText, nodeId, createdAt } = options
  /** The last answer: it holds for every index after `from`, up to `to`. */
  let known: { from: number; to: number; context: Context } | undefined
  return async (index) => {
    if (known && known.from < index && index <= known.to) return known.context
    const found: Found = {}
    let at = index
    /** The first entry that told something: between it and `index` nothing does. */
    let nearest: number | undefined
    for (let limit = FIRST_PAGE; at > Math.max(0, index - FURTHEST); limit = PAGE) {
      const texts = await store.readBefore(nodeId, at, limit)
      if (texts.length === 0) break
      for (let i = texts.length - 1; i >= 0 && !isFull(found); i -= 1) {
        const { phase, timestamp } = readText(texts[i] as string, nodeId) ?? {}
        at -= 1
        found.phase ??= phase
        found.timestamp ??= timestamp
        if (found.phase ?? found.timestamp) nearest ??= at
      }
      if (isFull(found)) break
    }
    const context = {
      phase: found.phase ?? NOT_LAUNCHED.phase,
      timestamp: found.timestamp ?? (await createdAt()),
    }
    known = { from: nearest ?? (at === 0 ? -1 : index - 1), to: index, context }
    return context
  }
}

type Found = { [Field in keyof Context]?: Context[Field] | undefined }

function isFull(found: Found): boolean {
  return found.phase !== undefined && found.timestamp !== undefined
}

/** True if the entry takes nothing from the one before it. */
export function isWhole(stored: StoredEntry): stored is LogEntry {
  return stored.phase !== undefined && stored.timestamp !== undefined
}
