import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Cursor,
  clampProgress,
  type Draft,
  foldLaunch,
  formatCursor,
  type LaunchState,
  type LogEntry,
  NOT_LAUNCHED,
} from '@launchtail/client/protocol'
import { createMutex } from '../async/mutex.js'
import { StorageUnavailable } from '../errors.js'
import { checkOf } from './check.js'
import { readEntry, writeEntry } from './entry-text.js'
import { lastEventOf } from './events.js'
import type { AppendHow, LogStore } from './store.js'

export interface AppenderOptions {
  store: LogStore
  /** The most entries a node's list takes in full. */
  maxEntries: number
  /** Where a node stands whose list is empty: never launched, or expired. */
  before: (nodeId: string) => Promise<LaunchState | undefined>
  /** Takes secrets out of a text, with those of the node's own launch. */
  redact: (nodeId: string, text: string) => string
  /** Told of each append, in the order of the list. */
  onAppended: (nodeId: string, index: number, entries: readonly LogEntry[]) => void
  /** Told of entries that were not kept because the list is full. */
  onLeftOut?: (nodeId: string, count: number) => void
  now?: () => Date
}

export interface AppendOptions {
  offset?: AppendHow['offset']
  fence?: AppendHow['fence']
  once?: { key: string; digest: string }
  /** The texts hold no secrets any more. */
  redacted?: boolean
}

export type AppendAnswer =
  | { readonly outcome: 'stored'; readonly accepted: number; readonly cursor: string }
  | { readonly outcome: 'replayed'; readonly digest: string; accepted: number; cursor: string }
  | { readonly outcome: 'elsewhere'; readonly position: number }

/** Nothing was stored: whoever appends has been followed by another owner. */
export class Fenced extends Error {}

export interface Appender {
  /**
   * Completes the drafts with their defaults and stores all of them or none. Throws Fenced where
   * there was a later owner.
   */
  append(nodeId: string, drafts: readonly Draft[], options?: AppendOptions): Promise<AppendAnswer>
  /** Where the node's newest launch is. */
  state(nodeId: string): Promise<LaunchState>
  /** Forgets what is known of a list that was removed. */
  forget(nodeId: string): void
}

/** What the next append must know of a list. */
interface ListState extends LaunchState {
  length: number
  last: string | undefined
}

/** How many entries are read back to learn where a launch is. */
const LOOK_BACK = 200
/** Characters looked at before other work gets its turn: about 5 ms. */
const SLICE = 256 * 1024
/** Nodes whose state is kept in memory. */
const KEPT_STATES = 10_000
/** Other writers can be between us and the list this often before we append after them unseen. */
const ATTEMPTS = 5

/**
 * The one way in for entries of ours: fills in defaults, keeps progress from going back within a
 * launch, keeps the list within its bound. Appends of one node are made one after the other, and
 * each names the list it continues; where another program has appended meanwhile, it looks again.
 */
export function createAppender({
  store,
  maxEntries,
  before,
  redact,
  onAppended,
  onLeftOut = () => {},
  now = () => new Date(),
}: AppenderOptions): Appender {
  const states = new Map<string, ListState>()
  const locked = createMutex()
  return {
    append: (nodeId, drafts, options = {}) =>
      locked(nodeId, async (fault) => {
        // Who waited behind an append that the storage did not answer is told the same at once:
        // trying once more, one after the other, would take each longer than the one before.
        if (fault instanceof StorageUnavailable) throw fault
        return append(nodeId, drafts, options)
      }),
    state: async (nodeId) => states.get(nodeId) ?? (await load(nodeId)),
    forget: (nodeId) => void states.delete(nodeId),
  }

  async function append(
    nodeId: string,
    drafts: readonly Draft[],
    options: AppendOptions,
  ): Promise<AppendAnswer> {
    const clean = options.redacted
      ? drafts
      : await inSlices(drafts, (draft) => withoutSecrets(nodeId, draft))
    for (let attempt = 1; ; attempt += 1) {
      const state = states.get(nodeId) ?? (await load(nodeId))
      const { entries, next, leftOut } = complete(clean, state)
      const texts = await inSlices(entries, writeEntry)
      const last = texts.at(-1) ?? state.last
      // How it answers does not depend on where it lands, which only the store knows.
      const place: Place = {
        accepted: drafts.length,
        stored: texts.length,
        check: last === undefined ? '0' : checkOf(last),
        event: lastEvent(entries, last),
      }
      const how: AppendHow = {
        ...(attempt <= ATTEMPTS && { precondition: { length: state.length, last: state.last } }),
        ...(options.offset && { offset: options.offset }),
        ...(options.fence && { fence: options.fence }),
        ...(options.once && { once: { ...options.once, answer: JSON.stringify(place) } }),
      }
      // Whatever goes wrong from here on, what the list looks like is not known any more.
      states.delete(nodeId)
      const appended = await store.append(nodeId, texts, how)
      if (appended.outcome === 'moved') continue
      if (appended.outcome === 'elsewhere') return appended
      if (appended.outcome === 'fenced') throw new Fenced('another owner has taken it up')
      if (appended.outcome === 'replayed') {
        const kept = JSON.parse(appended.answer) as Place
        return { ...answer(kept, appended.index), outcome: 'replayed', digest: appended.digest }
      }
      if (how.precondition)
        remember(nodeId, { ...next, last, length: appended.index + texts.length })
      if (leftOut > 0) onLeftOut(nodeId, leftOut)
      if (entries.length > 0) onAppended(nodeId, appended.index, entries)
      return { ...answer(place, appended.index), outcome: 'stored' }
    }
  }

  function withoutSecrets(nodeId: string, draft: Draft): Draft {
    const { message, details } = draft
    return {
      ...draft,
      message: redact(nodeId, message),
      ...(details !== undefined && { details: redact(nodeId, details) }),
    }
  }

  async function load(nodeId: string): Promise<ListState> {
    const length = await store.length(nodeId)
    const from = Math.max(0, length - LOOK_BACK)
    const texts = length > 0 ? await store.read(nodeId, from, length - from) : []
    const record = await before(nodeId)
    let launch: LaunchState = record ?? NOT_LAUNCHED
    for (const text of texts) {
      const entry = readEntry(text)
      if (entry) launch = foldLaunch(launch, entry)
    }
    const state = { ...launch, length: from + texts.length, last: texts.at(-1) }
    remember(nodeId, state)
    return state
  }

  function remember(nodeId: string, state: ListState): void {
    states.delete(nodeId)
    states.set(nodeId, state)
    if (states.size <= KEPT_STATES) return
    const [oldest] = states.keys()
    if (oldest !== undefined) states.delete(oldest)
  }

  function complete(drafts: readonly Draft[], { phase, progress, length }: ListState) {
    let launch: LaunchState = { phase, progress }
    const entries: LogEntry[] = []
    let leftOut = 0
    const timestamp = now().toISOString()
    for (const draft of drafts) {
      const entry = completeOne(draft, launch, timestamp)
      if (length + entries.length >= maxEntries) {
        if (length + entries.length === maxEntries) entries.push(fullNotice(maxEntries, entry))
        if (!isKeptInFull(entry, launch)) {
          leftOut += 1
          continue
        }
      }
      launch = foldLaunch(launch, entry)
      entries.push(entry)
    }
    return { entries, next: launch, leftOut }
  }
}

/** As `map`, and other work gets its turn in between: a request may bring 16 MiB. */
async function inSlices<T extends { message: string }, R>(
  items: readonly T[],
  act: (item: T) => R,
): Promise<R[]> {
  const results: R[] = []
  let looked = 0
  for (const item of items) {
    results.push(act(item))
    looked += item.message.length
    if (looked < SLICE) continue
    looked = 0
    await nextTurn()
  }
  return results
}

interface Place {
  accepted: number
  stored: number
  check: string
  event: Cursor['event']
}

function answer({ accepted, stored, check, event }: Place, index: number) {
  return { accepted, cursor: formatCursor({ index: index + stored - 1, check, event }) }
}

function lastEvent(entries: readonly LogEntry[], last: string | undefined): Cursor['event'] {
  const entry = entries.at(-1) ?? (last === undefined ? undefined : readEntry(last))
  return entry ? lastEventOf(entry) : 'log'
}

function completeOne(draft: Draft, launch: LaunchState, now: string): LogEntry {
  const { timestamp = now, level = 'info', phase = launch.phase, progress, details } = draft
  const entry: LogEntry = { timestamp, level, message: draft.message.toWellFormed(), phase }
  if (progress !== undefined) entry.progress = clampProgress(launch, { phase, progress })
  if (details) entry.details = details.toWellFormed()
  return entry
}

/** Past the bound only what tells most is kept. */
function isKeptInFull({ level, phase }: LogEntry, launch: LaunchState): boolean {
  return level === 'warn' || level === 'error' || phase !== launch.phase
}

function fullNotice(maxEntries: number, { timestamp, phase }: LogEntry): LogEntry {
  return {
    timestamp,
    level: 'warn',
    message: `The log has reached ${maxEntries} entries: from here on only warnings, errors and phase changes are kept`,
    phase,
  }
}
