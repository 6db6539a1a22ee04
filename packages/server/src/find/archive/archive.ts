import { existsSync } from 'node:fs'
import type { Cursor } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { Duty } from '../../database/duty.js'
import type { LogStore } from '../../logs/store.js'
import type { Registry } from '../../nodes/registry.js'
import type { ArchivePlace } from './calls.js'
import { createCatchUp, createComparison } from './catch-up.js'
import type { CountAnswer, CountQuestion } from './count.js'
import { beginExport, type Exported } from './exported.js'
import type { ExportQuestion } from './exports.js'
import { createFeeder } from './feeder.js'
import { startImport } from './import-once.js'
import type { PastLists } from './past-lists.js'
import { isOfNewest, type Question, type SearchAnswer, type SearchQuestion } from './question.js'
import type { Keeping } from './removal.js'
import { type ArchiveThread, createArchiveThread } from './thread.js'
import type { ToBeArchived } from './to-be-archived.js'
import { createUpToDate } from './up-to-date.js'
import { createWakeUp } from './wake-up.js'

/** Every node's entries, also those whose live log has expired, with an index of their words. */
export interface Archive {
  /** Entries were appended to the node's list. */
  appended(nodeId: string): void
  /** Removes a node's entries: they are not found any more once this resolves. */
  forget(nodeId: string): Promise<void>
  /** Another server has removed the node's entries. */
  forgottenElsewhere(nodeId: string): void
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
  place: ArchivePlace
  /** The file of an archive that this server had by itself, before it shared one with others. */
  earlier?: string | undefined
  store: Pick<LogStore, 'read' | 'length'>
  registry: Pick<Registry, 'bringUpToDate' | 'facts' | 'folded' | 'watch'>
  toBeArchived: ToBeArchived
  /** Where several servers have one archive: which of them takes in what nobody waits for. */
  duty?: Pick<Duty, 'isOurs'> | undefined
  /** Milliseconds for which a live log is kept: older ones need not be looked at. */
  retention: number
  keeping: Keeping
  onNotice: (notice: string) => void
  onFault: (message: string, error: unknown) => void
}

/** Milliseconds from the start until the archive looks for what a crash has left out. */
const FIRST_LOOK = 60_000
/** Milliseconds between looks at whether the duty has become this server's. */
const LOOK_EVERY = 2000

/** The thread and the file are there from the first entry on, or from the first search. */
export function createArchive(options: ArchiveOptions): Archive {
  const { place, registry, duty, keeping, onNotice, onFault } = options
  const thread = createArchiveThread({
    place,
    keeping,
    onRest: (nextExpiry) => wakeUp.at(nextExpiry),
    onRemoved: (nodeIds) => onNotice(fullNotice(nodeIds)),
    onFault,
  })
  const feeder = createFeeder({ ...options, thread })
  const stopWatching = registry.watch((nodeId) => feeder.mark(nodeId))
  const lookFor = duty ? createComparison : createCatchUp
  const catchUp = lookFor({ ...options, thread, feeder })
  const upToDate = createUpToDate(catchUp, feeder)
  const isThere = () => !('file' in place) || existsSync(place.file)
  const failed = (error: unknown) => onFault('the archive', error)
  const wakeUp = createWakeUp(() => void wake().catch(failed), FIRST_LOOK)
  const stopLooking = duty && onceOurs(duty, wake, failed)
  const stopImport = startImport({ ...options, file: options.earlier, thread, onFault: failed })
  return {
    appended: feeder.mark,
    forget,
    forgottenElsewhere: feeder.forget,
    search,
    reachedBy: (nodeIds, upTo) => thread.call('reachedBy', nodeIds, upTo),
    count,
    export: begin,
    past: readPast(isThere, thread, 0),
    async earlier(back) {
      // The archive must have the newest log, or it would take an earlier one for it.
      await upToDate.bring('all')
      return readPast(isThere, thread, back)
    },
    close,
  }

  async function forget(nodeId: string): Promise<void> {
    feeder.forget(nodeId)
    if (isThere()) await thread.call('forget', nodeId)
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

  async function wake(): Promise<void> {
    if (duty?.isOurs() ?? true) await catchUp()
    if (!isThere()) return
    await feeder.fill()
    // Also where nothing is missing: something may be over.
    wakeUp.at(await thread.call('rest'))
  }

  async function close(): Promise<void> {
    stopWatching()
    stopLooking?.()
    stopImport()
    wakeUp.stop()
    await feeder.stop()
    await thread.close()
  }
}

/** Nothing is asked where there is no archive: that would create one. */
function readPast(
  isThere: () => boolean,
  thread: Pick<ArchiveThread, 'call'>,
  back: number,
): PastLists {
  return {
    length: async (nodeId) => (isThere() ? thread.call('pastLength', back, nodeId) : 0),
    read: async (...given) => (isThere() ? thread.call('readPast', back, ...given) : []),
    readBefore: async (...given) =>
      isThere() ? thread.call('readPastBefore', back, ...given) : [],
  }
}

/** Acts each time the duty has become this server's, until it succeeds: the one before may have left something out. */
function onceOurs(
  { isOurs }: Pick<Duty, 'isOurs'>,
  act: () => Promise<void>,
  onFault: (error: unknown) => void,
): () => void {
  let hasActed = false
  const timer = setInterval(() => {
    const isDue = isOurs() && !hasActed
    hasActed = isOurs()
    if (!isDue) return
    act().catch((error) => {
      hasActed = false
      onFault(error)
    })
  }, LOOK_EVERY).unref()
  return () => clearInterval(timer)
}

function fullNotice(nodeIds: readonly string[]): string {
  const named = nodeIds.length > 5 ? [...nodeIds.slice(0, 5), '…'] : nodeIds
  return `the archive is full: the oldest entries were removed, those of ${nodeIds.length} nodes (${named.join(', ')})`
}
