import { Worker } from 'node:worker_threads'
import type { LogEntry } from '@launchtail/client/protocol'
import type { LaunchFacts, Query } from '@launchtail/client/query'
import { CODE_FOLDER } from '../code-folder.js'
import { growSlowlyBeside, THREAD_LIMITS } from '../heap.js'
import { createAsked } from './asked.js'

/** Entries on which a query takes too long for the server's own thread. */
export interface SlowEntries {
  /** True if the query is to be run on this entry by `decide`. */
  isSlow(query: Query, entry: LogEntry): boolean
  /** Runs it in a thread of its own. */
  decide(question: Undecided): Promise<boolean>
}

/** From the server to the thread. */
export interface Undecided {
  readonly query: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly entry: LogEntry
  readonly launch: LaunchFacts | undefined
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
  const asked = createAsked<Undecided>()
  let worker: Worker | undefined
  return {
    isSlow: ({ hasPatterns }, { message, details = '' }) =>
      hasPatterns && message.length + details.length > SMALL,
    async decide(question) {
      worker ??= start()
      return (await asked.ask(worker, question)) as boolean
    },
  }

  function start(): Worker {
    const started = new Worker(THREAD, { resourceLimits: THREAD_LIMITS })
    growSlowlyBeside(started)
    started.unref()
    started.on('message', ({ id, found }: Decided) => asked.answered(id, found))
    // The open questions get no answer; the next one starts another thread.
    started.on('error', (error) => giveUp(started, error))
    started.on('exit', () => giveUp(started, new Error('the thread of patterns has ended')))
    return started
  }

  function giveUp(thread: Worker, error: Error): void {
    if (worker === thread) worker = undefined
    asked.giveUp(thread, error)
  }
}

/** A thread runs what was built, also where the server runs from its sources. */
const FOLDER = import.meta.url.endsWith('.ts') ? '../dist/' : ''
const THREAD = new URL(`${FOLDER}find/pattern-worker.js`, CODE_FOLDER)
