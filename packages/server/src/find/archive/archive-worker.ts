/**
 * The archive's thread: it alone writes the archive for this server, and it searches. Cutting texts into words and
 * looking through entries takes long, and every stream of the server would wait for it.
 */
import { statfsSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { StorageFull } from '../../errors.js'
import type { Numbered } from '../asked.js'
import type { Piece } from '../export/export-bytes.js'
import type { ArchiveDb } from './archive-db.js'
import type { ArchiveCalls, Call, Said, ThreadData } from './calls.js'
import { count } from './count.js'
import { createExports } from './exports.js'
import { stateOf } from './facts.js'
import { faultOf } from './faults.js'
import { fill } from './fill.js'
import { forgetFilled, holesIn } from './holes.js'
import { importFile } from './import-file.js'
import { createWordIndex } from './index-words.js'
import { createPastLists } from './past-lists.js'
import { isOfNewest } from './question.js'
import { reachedIn } from './reached.js'
import { lastUpTo } from './reached-by.js'
import { createRemoval } from './removal.js'
import { search } from './search.js'
import { takeIn } from './take-in.js'
import { startUpkeep } from './upkeep.js'

/** Bytes of the disk that the archive leaves free. */
const SPARE = 16 * 1024 * 1024

const { place, keeping } = workerData as ThreadData
// On Linux it is this thread's alone. Appends and streams come first where processors are scarce. With the
// least priority, a search would wait there for seconds until it is begun.
if (process.platform === 'linux') setPriority(10)

let opened: Promise<ArchiveCalls> | undefined
callsOf().catch(() => {})

parentPort?.on('message', async ({ id, call, given }: Numbered<Call>) => {
  try {
    const calls = await callsOf()
    const act = calls[call] as (...values: readonly unknown[]) => unknown
    const answer = await act(...given)
    // What is handed over is not copied.
    say({ id, answer }, call === 'readExport' && answer ? [(answer as Piece).bytes.buffer] : [])
  } catch (error) {
    say({ id, fault: faultOf(error) })
  }
})

/** On a disk that is nearly full, live logs come first, and what it takes to delete some. */
function leaveRoom(): void {
  if (!('file' in place)) return
  const { bavail, bsize } = statfsSync(dirname(place.file))
  if (bavail * bsize < SPARE) throw new StorageFull(new Error('little room is left'))
}

function say(said: Said, handedOver: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(said, handedOver)
}

/** What could not be opened, on a full disk or while PostgreSQL was away, is opened when it can be. */
function callsOf(): Promise<ArchiveCalls> {
  opened ??= openDb()
    .then(open)
    .catch((error) => {
      opened = undefined
      throw error
    })
  return opened
}

/** Each is loaded only if it is used. */
async function openDb(): Promise<ArchiveDb> {
  if ('file' in place) {
    const { sqliteArchive } = await import('./sqlite/archive.js')
    return sqliteArchive(place.file)
  }
  const { postgresArchive } = await import('./postgres/archive.js')
  return postgresArchive({ url: place.url, onFault: (_, error) => say({ failed: faultOf(error) }) })
}

async function open(db: ArchiveDb): Promise<ArchiveCalls> {
  const index = createWordIndex(db)
  const removal = createRemoval(db, keeping)
  const past = createPastLists(db)
  const exports = createExports(db)
  let isStopped = false
  /** Retention must not follow a clock that is set. */
  const now = () => performance.timeOrigin + performance.now()
  const upkeep = startUpkeep({
    index,
    removal,
    now,
    isHurried: exports.isBusy,
    onRemoved: (removed) => say({ removed }),
    onFault: (error) => say({ failed: faultOf(error) }),
  })
  return {
    reached: (nodeIds) => reachedIn(db, nodeIds),
    removals: async () => (await stateOf(db)).removals,
    async takeIn(pages, pace, removals) {
      leaveRoom()
      const taken = await takeIn(db, pages, { now: Math.round(now()), removals })
      upkeep.grown(pace)
      return taken
    },
    async holes() {
      if (!(await stateOf(db)).reserved) return []
      return db.transaction(async (transaction) => {
        await forgetFilled(transaction)
        return holesIn(transaction)
      })
    },
    async fill(fillings, pace) {
      leaveRoom()
      await fill(db, fillings)
      upkeep.grown(pace)
    },
    async forget(nodeId) {
      await removal.forget(nodeId)
      upkeep.shrunk()
    },
    importFile: (file) => importFile({ db, file, isStopped: () => isStopped }),
    async search(question, anyway) {
      await upkeep.expire()
      const state = await stateOf(db)
      const above = anyway ? undefined : state.reserved?.to
      if (above === undefined) return search(db, question, { state })
      if (!isOfNewest(question)) return undefined
      const answer = await search(db, question, { state, above })
      return answer.cursor === undefined ? undefined : answer
    },
    async count(question, anyway) {
      await upkeep.expire()
      const state = await stateOf(db)
      if (!anyway && state.reserved) return undefined
      return count(db, question, state)
    },
    async openExport(id, question, anyway) {
      await upkeep.expire()
      const state = await stateOf(db)
      if (!anyway && state.reserved) return undefined
      return exports.open(id, question, state)
    },
    reachedBy: (nodeIds, upTo) => lastUpTo(db, nodeIds, upTo),
    readExport: exports.read,
    closeExport: exports.close,
    async pastLength(back, nodeId) {
      await upkeep.expire()
      return past.length(back, nodeId)
    },
    readPast: past.read,
    readPastBefore: past.readBefore,
    rest: upkeep.rest,
    async close() {
      isStopped = true
      await upkeep.stop()
      await db.close()
      // Nothing is left that keeps the thread.
      parentPort?.close()
    },
  }
}
