/**
 * The archive's thread: it alone writes the archive, and it searches. Cutting texts into words and
 * looking through entries takes long, and every stream of the server would wait for it.
 */
import { statfsSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { StorageFull } from '../../errors.js'
import { closeSqlite, openSqlite } from '../../sqlite.js'
import type { Numbered } from '../asked.js'
import type { Piece } from '../export/export-bytes.js'
import type { ArchiveCalls, Call, Said, ThreadData } from './calls.js'
import { count } from './count.js'
import { createExports } from './exports.js'
import { faultOf } from './faults.js'
import { createFill } from './fill.js'
import { createHoles } from './holes.js'
import { createWordIndex } from './index-words.js'
import { createPastLists } from './past-lists.js'
import { isOfNewest } from './question.js'
import { createReached } from './reached.js'
import { createReachedBy } from './reached-by.js'
import { createRemoval } from './removal.js'
import { search } from './search.js'
import { openArchive } from './tables.js'
import { createTakeIn } from './take-in.js'
import { startUpkeep } from './upkeep.js'

/** Bytes of the disk that the archive leaves free. */
const SPARE = 16 * 1024 * 1024

const { file, keeping } = workerData as ThreadData
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
  const { bavail, bsize } = statfsSync(dirname(file))
  if (bavail * bsize < SPARE) throw new StorageFull(new Error('little room is left'))
}

function say(said: Said, handedOver: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(said, handedOver)
}

/** What could not be opened on a full disk is opened when there is room. */
function callsOf(): Promise<ArchiveCalls> {
  opened ??= open().catch((error) => {
    opened = undefined
    throw error
  })
  return opened
}

async function open(): Promise<ArchiveCalls> {
  const writing = await openArchive(file)
  const reading = await openSqlite(file)
  const index = createWordIndex(writing)
  const removal = createRemoval(writing, keeping)
  const takeIn = createTakeIn(writing)
  const holes = createHoles(writing)
  const fill = createFill(writing)
  const past = createPastLists(reading)
  const exports = createExports(reading)
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
    reached: createReached(writing),
    takeIn(pages, pace) {
      leaveRoom()
      const taken = takeIn(pages, Math.round(now()))
      upkeep.grown(pace)
      return taken
    },
    holes: holes.all,
    fill(fillings, pace) {
      leaveRoom()
      fill(fillings)
      upkeep.grown(pace)
    },
    forget(nodeId) {
      removal.forget(nodeId)
      upkeep.shrunk()
    },
    async search(question, anyway) {
      upkeep.expire()
      const indexed = index.indexed()
      const above = anyway ? undefined : holes.top()
      if (above === undefined) return search(reading, question, { indexed })
      if (!isOfNewest(question)) return undefined
      const answer = await search(reading, question, { indexed, above })
      return answer.cursor === undefined ? undefined : answer
    },
    async count(question, anyway) {
      upkeep.expire()
      if (!anyway && holes.top() !== undefined) return undefined
      return count(reading, question, { indexed: index.indexed() })
    },
    openExport(id, question, anyway) {
      upkeep.expire()
      if (!anyway && holes.top() !== undefined) return undefined
      return exports.open(id, question, index.indexed())
    },
    reachedBy: createReachedBy(reading),
    readExport: exports.read,
    closeExport: exports.close,
    pastLength(back, nodeId) {
      upkeep.expire()
      return past.length(back, nodeId)
    },
    readPast: past.read,
    readPastBefore: past.readBefore,
    rest: upkeep.rest,
    async close() {
      await upkeep.stop()
      reading.close()
      closeSqlite(writing)
      // Nothing is left that keeps the thread.
      parentPort?.close()
    },
  }
}
