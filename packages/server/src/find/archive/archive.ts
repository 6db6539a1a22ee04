import { existsSync } from 'node:fs'
import type { Cursor } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { LogStore } from '../../logs/store.js'
import type { Registry } from '../../nodes/registry.js'
import { createCatchUp } from './catch-up.js'
import type { CountAnswer, CountQuestion } from './count.js'
import { beginExport, type Exported } from './exported.js'
import type { ExportQuestion } from './exports.js'
import { createFeeder } from './feeder.js'
import type { PastLists } from './past-lists.js'
import { isOfNewest, type Question, type SearchAnswer, type SearchQuestion } from './question.js'
import type { Keeping } from './removal.js'
import { type ArchiveThread, createArchiveThread } from './thread.js'
import type { ToBeArchived } from './to-be-archived.js'
import { createUpToDate } from './up-to-date.js'

/** Every node's entries, also those whose live log has expired, with an index of their words. */
export interface Archive {
  /** Entries were appended to the node's list. */
  appended(nodeId: string): void
  /** Removes a node's entries: they are not found any more once this resolves. */
  forget(nodeId: string): Promise<void>
  /** Finds every entry that was acknowledged before. */
  search(question: Asked<SearchQuestion>, query?: Query): Promise<SearchAnswer>
  /** The last entry of each of these nodes that a search had; `upTo` is from its answer. */
  reachedBy(nodeIds: readonly string[], upTo: number): Promise<Cursor[]>
  /** Counts what a search would find, by time and level. */
  count(question: Asked<CountQuestion>, query?: Query): Promise<CountAnswer>
  /** Begins an export of every entry that was acknowledged before. */
  export(question: Asked<ExportQuestion>, query?: Query): Promise<Exported>
  /** The logs of nodes whose live log has expired: the newest that the archive has of each. */
  readonly past: PastLists
  /** The logs that the archive has of nodes from before their newest so many. */
  earlier(back: number): Promise<PastLists>
  close(): Promise<void>
}

/** A question without what the query and the records add to it. */
type Asked<Q extends Question> = Omit<Q, 'query' | 'launches'>

export interface ArchiveOptions {
  file: string
  store: Pick<LogStore, 'read' | 'length'>
  registry: Pick<Registry, 'bringUpToDate' | 'facts' | 'folded' | 'watch'>
  toBeArchived: ToBeArchived
  /** Marks what was appended through other servers, where there are any. */
  before?: () => Promise<void>
  /** Milliseconds for which a live log is kept: older ones need not be looked at. */
  retention: number
  keeping: Keeping
  onNotice: (notice: string) => void
  onFault: (message: string, error: unknown) => void
}

/** Milliseconds from the start until the archive looks for what a crash has left out. */
const FIRST_LOOK = 60_000
const SOONEST_WAKE = 60_000
const LATEST_WAKE = 24 * 3_600_000

/** The thread and the file are there from the first entry on, or from the first search. */
export function createArchive(options: ArchiveOptions): Archive {
  const { file, registry, keeping, onNotice, onFault } = options
  const thread = createArchiveThread({
    file,
    keeping,
    onRest: wakeAt,
    onRemoved: (nodeIds) => onNotice(fullNotice(nodeIds)),
    onFault,
  })
  const feeder = createFeeder({ ...options, thread })
  const stopWatching = registry.watch((nodeId) => feeder.mark(nodeId))
  const catchUp = createCatchUp({ ...options, thread, feeder })
  const upToDate = createUpToDate(async () => {
    await catchUp()
    await options.before?.()
  }, feeder)
  let waking: NodeJS.Timeout | undefined = setTimeout(wake, FIRST_LOOK).unref()
  return {
    appended: feeder.mark,
    forget,
    search,
    reachedBy: (nodeIds, upTo) => thread.call('reachedBy', nodeIds, upTo),
    count,
    export: begin,
    past: readPast(file, thread, 0),
    async earlier(back) {
      // The archive must have the newest log, or it would take an earlier one for it.
      await upToDate.bring('all')
      return readPast(file, thread, back)
    },
    close,
  }

  async function forget(nodeId: string): Promise<void> {
    feeder.forget(nodeId)
    if (existsSync(file)) await thread.call('forget', nodeId)
  }

  async function search(asked: Asked<SearchQuestion>, query?: Query): Promise<SearchAnswer> {
    return upToDate
      .ask(isOfNewest(asked) ? 'newest' : 'all', async (isUpToDate) => {
        const question = { ...asked, ...(await given(query)) }
        const answer = await thread.call('search', question, !isUpToDate)
        return isUpToDate || !answer ? answer : { ...answer, isComplete: false }
      })
      .finally(feeder.fillLater)
  }

  async function count(asked: Asked<CountQuestion>, query?: Query): Promise<CountAnswer> {
    return upToDate.ask('all', async (isUpToDate) => {
      const question = { ...asked, ...(await given(query)) }
      const answer = await thread.call('count', question, !isUpToDate)
      return isUpToDate || !answer ? answer : { ...answer, isComplete: false }
    })
  }

  async function begin(asked: Asked<ExportQuestion>, query?: Query): Promise<Exported> {
    return upToDate.ask('all', async (isUpToDate) =>
      beginExport(thread, { ...asked, ...(await given(query)) }, isUpToDate),
    )
  }

  /** The query as the thread reads it, and the launches where it asks for their fields. */
  async function given(query: Query | undefined): Promise<Pick<Question, 'query' | 'launches'>> {
    if (!query?.asksLaunch) return { query: query?.given ?? '', launches: undefined }
    // A record is written some time after its entries.
    await registry.bringUpToDate()
    return { query: query.given, launches: await registry.facts() }
  }

  function wake(): void {
    waking = undefined
    const work = async () => {
      await catchUp()
      if (!existsSync(file)) return
      await feeder.fill()
      // Also where nothing is missing: something may be over.
      wakeAt(await thread.call('rest'))
    }
    work().catch((error) => onFault('the archive', error))
  }

  function wakeAt(time: number | undefined): void {
    clearTimeout(waking)
    waking = undefined
    if (time === undefined) return
    const wait = time - (performance.timeOrigin + performance.now())
    waking = setTimeout(wake, Math.min(LATEST_WAKE, Math.max(SOONEST_WAKE, wait))).unref()
  }

  async function close(): Promise<void> {
    stopWatching()
    clearTimeout(waking)
    await feeder.stop()
    await thread.close()
  }
}

/** Nothing is asked where there is no archive: that would create one. */
function readPast(file: string, thread: Pick<ArchiveThread, 'call'>, back: number): PastLists {
  const isThere = () => existsSync(file)
  return {
    length: async (nodeId) => (isThere() ? thread.call('pastLength', back, nodeId) : 0),
    read: async (...given) => (isThere() ? thread.call('readPast', back, ...given) : []),
    readBefore: async (...given) =>
      isThere() ? thread.call('readPastBefore', back, ...given) : [],
  }
}

function fullNotice(nodeIds: readonly string[]): string {
  const named = nodeIds.length > 5 ? [...nodeIds.slice(0, 5), '…'] : nodeIds
  return `the archive is full: the oldest entries were removed, those of ${nodeIds.length} nodes (${named.join(', ')})`
}
