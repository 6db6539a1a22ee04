import {
  beginsLaunch,
  type Failure,
  type LogEntry,
  type NamedCause,
} from '@launchtail/client/protocol'
import type { Mutex } from '../async/mutex.js'
import type { Database } from '../database/open.js'
import { HttpError, nodeNotFound } from '../errors.js'
import type { ReadText } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { UNKNOWN } from '../output/causes/index.js'
import { readNamed } from '../output/causes/named.js'
import type { Correction } from './correction.js'
import type { LaunchHistory } from './launch-history.js'
import { phasesOf, rowsOf } from './reads.js'
import { readable } from './record-writer/news.js'
import type { Row } from './rows.js'

/** What people say of why launches failed. It is stored beside what was read, and wins over it. */
export interface Corrections {
  /**
   * Names a line as the cause. Throws 404 if the newest launch has not failed, or the line is none of
   * its lines.
   */
  correct(nodeId: string, cause: NamedCause): Promise<void>
  /** Forgets the line that was named. Throws 404 if the newest launch has not failed. */
  takeBack(nodeId: string): Promise<void>
}

export interface CorrectionsOptions {
  database: Database
  store: Pick<LogStore, 'read' | 'readBefore' | 'length'>
  readText: ReadText
  locked: Mutex
  launchHistory: Pick<LaunchHistory, 'recode'>
  now: () => Date
}

/** Entries that are read from a list at once. */
const PAGE = 500

export function createCorrections(options: CorrectionsOptions): Corrections {
  const { database, store, readText, locked, launchHistory, now } = options
  return { correct, takeBack }

  function correct(nodeId: string, { index, code }: NamedCause): Promise<void> {
    return locked(nodeId, async () => {
      const { row, failure } = await failed(nodeId)
      const named = readNamed(await entryAt(row, index), failure.phase)
      const found = code === undefined ? named : { code, advice: undefined }
      const { code: known = UNKNOWN.code, advice } = found
      const correction = { index, message: named.message, code: known, advice }
      await save(nodeId, correction, known)
    })
  }

  function takeBack(nodeId: string): Promise<void> {
    return locked(nodeId, async () => {
      const { row, failure } = await failed(nodeId)
      if (row.correction !== null) await save(nodeId, undefined, failure.code)
    })
  }

  async function failed(nodeId: string): Promise<{ row: Row; failure: Failure }> {
    const row = (await rowsOf(database, [nodeId])).get(nodeId)
    if (!row) throw nodeNotFound()
    if (row.status !== 'failed' || row.failure === null) {
      throw new HttpError(404, 'the newest launch of this node has not failed')
    }
    return { row, failure: JSON.parse(row.failure) }
  }

  /** The entry at an index of the newest launch. */
  async function entryAt({ node_id: nodeId, created_at: createdAt }: Row, index: number) {
    const listed = { nodeId, store, readText, createdAt }
    const [entry] = await readable(await store.read(nodeId, index, 1), index, listed)
    if (!entry) {
      const isKept = (await store.length(nodeId)) > 0
      throw new HttpError(
        404,
        isKept ? `there is no entry ${index}` : 'the log of this node is no longer kept',
      )
    }
    let before: LogEntry = entry
    for (let from = index + 1; ; ) {
      const texts = await store.read(nodeId, from, PAGE)
      if (texts.length === 0) return entry
      for (const next of await readable(texts, from, listed)) {
        if (!next) continue
        if (beginsLaunch(before.phase, next.phase)) {
          throw new HttpError(404, `entry ${index} belongs to an earlier launch`)
        }
        before = next
      }
      from += texts.length
    }
  }

  /** The statistics of launches count the corrected cause. */
  async function save(
    nodeId: string,
    correction: Correction | undefined,
    code: string,
  ): Promise<void> {
    const [first] = (await phasesOf(database, [nodeId])).get(nodeId) ?? []
    const changed = {
      correction: correction ? JSON.stringify(correction) : null,
      updated_at: now().toISOString(),
    }
    await database.transaction().execute(async (transaction) => {
      await transaction.updateTable('nodes').set(changed).where('node_id', '=', nodeId).execute()
      if (first) await launchHistory.recode(transaction, nodeId, first.started_at, code)
    })
  }
}
