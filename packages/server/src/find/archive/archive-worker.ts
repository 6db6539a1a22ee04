/**
 * The archive's thread: it alone writes the archive, and it searches. Cutting texts into words and
 * looking through entries takes long, and every stream of the server would wait for it.
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { closeSqlite, openSqlite } from '../../sqlite.js'
import type { ArchiveCalls, Asked, Said, ThreadData } from './calls.js'
import { count } from './count.js'
import { faultOf } from './faults.js'
import { createWordIndex } from './index-words.js'
import { createPastLists } from './past-lists.js'
import { createReached } from './reached.js'
import { createRemoval } from './removal.js'
import { search } from './search.js'
import { openArchive } from './tables.js'
import { createTakeIn } from './take-in.js'
import { startUpkeep } from './upkeep.js'

const { file, keeping } = workerData as ThreadData
// On Linux it is this thread's alone. Appends and streams come first where processors are scarce.
if (process.platform === 'linux') setPriority(10)

const opened = open()
opened.catch(() => {})

parentPort?.on('message', async ({ id, call, given }: Asked) => {
  try {
    const calls = await opened
    const act = calls[call] as (...values: readonly unknown[]) => unknown
    say({ id, answer: await act(...given) })
  } catch (error) {
    say({ id, fault: faultOf(error) })
  }
})

function say(said: Said): void {
  parentPort?.postMessage(said)
}

async function open(): Promise<ArchiveCalls> {
  const writing = await openArchive(file)
  const reading = await openSqlite(file)
  const index = createWordIndex(writing)
  const removal = createRemoval(writing, keeping)
  const takeIn = createTakeIn(writing)
  const past = createPastLists(reading)
  /** Retention must not follow a clock that is set. */
  const now = () => performance.timeOrigin + performance.now()
  const upkeep = startUpkeep({
    index,
    removal,
    now,
    onRemoved: (removed) => say({ removed }),
    onFault: (error) => say({ failed: faultOf(error) }),
  })
  return {
    reached: createReached(writing),
    takeIn(pages) {
      const taken = takeIn(pages, Math.round(now()))
      upkeep.grown()
      return taken
    },
    forget(nodeId) {
      removal.forget(nodeId)
      upkeep.shrunk()
    },
    search(question) {
      upkeep.expire()
      return search(reading, question, { indexed: index.indexed() })
    },
    count(question) {
      upkeep.expire()
      return count(reading, question, { indexed: index.indexed() })
    },
    pastLength(nodeId) {
      upkeep.expire()
      return past.length(nodeId)
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
