import { Worker } from 'node:worker_threads'
import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { CODE_FOLDER } from '../code-folder.js'

/** Entries on which a query takes too long for the server's own thread. */
export interface SlowEntries {
  /** True if the query is to be run on this entry by `decide`. */
  isSlow(query: Query, entry: LogEntry): boolean
  /** Runs it in a thread of its own. */
  decide(question: Omit<Asked, 'id'>): Promise<boolean>
}

/** From the server to the thread. */
export interface Asked {
  readonly id: number
  readonly query: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly entry: LogEntry
  readonly launch: NodeRecord | undefined
}

/** From the thread to the server. */
export interface Decided {
  readonly id: number
  readonly found: boolean
}

/** Characters of an entry on which a pattern takes a few milliseconds at most. */
const SMALL = 4096

/** The thread is started with the first entry that is too large, and ends with the process. */
export function createSlowEntries(): SlowEntries {
  const waiting = new Map<number, (found: boolean | Error) => void>()
  let worker: Worker | undefined
  let asked = 0
  return {
    isSlow: ({ hasPatterns }, { message, details = '' }) =>
      hasPatterns && message.length + details.length > SMALL,
    decide(question) {
      worker ??= start()
      const id = asked++
      const decision = new Promise<boolean>((resolve, reject) => {
        waiting.set(id, (found) => (typeof found === 'boolean' ? resolve(found) : reject(found)))
      })
      worker.postMessage({ id, ...question } satisfies Asked)
      return decision
    },
  }

  function start(): Worker {
    const started = new Worker(THREAD)
    started.unref()
    started.on('message', ({ id, found }: Decided) => {
      waiting.get(id)?.(found)
      waiting.delete(id)
    })
    // The open questions get no answer; the next one starts another thread.
    started.on('error', (error) => {
      worker = undefined
      for (const answer of waiting.values()) answer(error)
      waiting.clear()
    })
    return started
  }
}

/** A thread runs what was built, also where the server runs from its sources. */
const FOLDER = import.meta.url.endsWith('.ts') ? '../dist/' : ''
const THREAD = new URL(`${FOLDER}find/pattern-worker.js`, CODE_FOLDER)
