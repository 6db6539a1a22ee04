import type { ExportQuery, LaunchName, LogEntry } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { HttpError, nodeNotFound } from '../errors.js'
import type { Archive } from '../find/archive/archive.js'
import { createLaunchLogs } from '../find/launch-logs.js'
import { createMatcher } from '../find/matcher.js'
import type { SlowEntries } from '../find/slow-entries.js'
import { type ReadText, readEntry } from '../logs/entry-text.js'
import {
  type Excerpt,
  type HistoryFilter,
  type HistoryOptions,
  passes,
  readHistory,
} from '../logs/history.js'
import type { Source } from '../logs/history-source.js'
import { createLookBack, readInContext, UNKNOWN_TIME } from '../logs/in-context.js'
import type { LogStore } from '../logs/store.js'
import type { Registry } from '../nodes/registry.js'
import { createWriter } from './write-texts.js'

export interface ExcerptsOptions {
  store: LogStore
  archive: Pick<Archive, 'past' | 'earlier'>
  readText: ReadText
  registry: Registry
  slowEntries: SlowEntries
}

/** Where a log is read from. */
interface Log extends Pick<HistoryOptions<unknown>, 'store' | 'readText'> {
  write: ReturnType<typeof createWriter>
}

export type Excerpts = ReturnType<typeof createExcerpts>

/** Parts of nodes' logs. */
export function createExcerpts({
  store,
  archive,
  readText,
  registry,
  slowEntries,
}: ExcerptsOptions) {
  const { placeOf } = createLaunchLogs({ store, archive, registry })
  const live: Log = { store, readText, write: createWriter(readText) }
  const past: Log = { store: archive.past, readText: readEntry, write: writeArchived }
  return { excerptOf, passingOf, readerOf }

  /** A part of the live log, or of what the archive has of it once that has expired. */
  async function excerptOf<Match>(
    nodeId: string,
    { launch, ...rest }: HistoryFilter & { launch?: LaunchName | undefined },
    findIn: (log: Log) => Source<Match>['find'],
  ): Promise<{ excerpt: Excerpt<Match>; isExpired: boolean }> {
    const within = launch === undefined ? undefined : await placeOf(nodeId, launch)
    const filter = { ...rest, within }
    const read = (log: Log) => readHistory({ ...log, nodeId, find: findIn(log) }, filter)
    if (within && within.back > 0) {
      const earlier = { ...past, store: await archive.earlier(within.back) }
      return { excerpt: await read(earlier), isExpired: true }
    }
    try {
      const excerpt = await read(live)
      if (excerpt.length > 0 || !(await hadEntries(nodeId))) return { excerpt, isExpired: false }
    } catch (error) {
      // A cursor of the log that has expired names nothing in the live one.
      if (!(error instanceof HttpError && error.status === 410)) throw error
      if ((await store.length(nodeId)) > 0) throw error
    }
    return { excerpt: await read(past), isExpired: true }
  }

  /** Decides which entries are sent; undefined where all are. */
  async function passingOf(
    nodeId: string,
    { since, level }: Pick<ExportQuery, 'since' | 'level'>,
    asked: Query | undefined,
  ): Promise<((entry: LogEntry) => boolean | Promise<boolean>) | undefined> {
    if (!since && !level && !asked) return undefined
    const now = Date.now()
    const matcher = asked && (await createMatcher(asked, { registry, slowEntries, nodeId, now }))
    return (entry) => passes(entry, since, level) && (!matcher || matcher.matches(entry))
  }

  /** Reads the texts of a node's list as entries. */
  function readerOf(nodeId: string, { store, readText }: Log) {
    const createdAt = async () => (await registry.find(nodeId))?.created_at ?? UNKNOWN_TIME
    const lookBack = createLookBack({ store, readText, nodeId, createdAt })
    return (texts: readonly string[], from: number) =>
      readInContext(texts, from, { readText, nodeId, lookBack })
  }

  /** True if the node once had entries, from which its phases are known. */
  async function hadEntries(nodeId: string): Promise<boolean> {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return record.phases.length > 0
  }
}

/** The archive has entries as they are sent, and an empty text in the place of what is none. */
async function writeArchived(_nodeId: string, texts: readonly string[]) {
  return texts.map((text) => (text === '' ? undefined : text))
}

export function refuseBoth({ before, after }: HistoryFilter): void {
  if (before && after) throw new HttpError(400, "'before' and 'after' exclude each other")
}

/** A header's value has no room for more than one sentence. */
export function hintOf(asked: Query | undefined): string | undefined {
  return asked?.hints[0]
}
