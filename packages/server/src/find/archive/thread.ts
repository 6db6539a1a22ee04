import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { CODE_FOLDER } from '../../code-folder.js'
import { growSlowlyBeside, THREAD_LIMITS } from '../../heap.js'
import { createAsked } from '../asked.js'
import type { Answered, ArchiveCalls, Call, Said, ThreadData } from './calls.js'
import { errorOf } from './faults.js'
import { createHolds } from './holds.js'

/** The archive's thread, which runs only while there is something to do. */
export interface ArchiveThread {
  call<Name extends keyof ArchiveCalls>(
    name: Name,
    ...given: Parameters<ArchiveCalls[Name]>
  ): Promise<Awaited<ReturnType<ArchiveCalls[Name]>>>
  /** Keeps the thread, and what it has begun, until the returned function is called. */
  hold(): () => void
  close(): Promise<void>
}

export interface ArchiveThreadOptions extends ThreadData {
  /** Called when the thread has ended by itself, with the time at which something will be over. */
  onRest: (nextExpiry: number | undefined) => void
  /** Called with the nodes whose oldest entries were removed for lack of room. */
  onRemoved: (nodeIds: readonly string[]) => void
  onFault: (message: string, error: unknown) => void
}

/** Milliseconds after which a thread that nobody asks ends: it takes some 20 MB. */
const IDLE = 60_000

export function createArchiveThread(options: ArchiveThreadOptions): ArchiveThread {
  const { place, keeping, onRest, onRemoved, onFault } = options
  const asked = createAsked<Call>()
  const holds = createHolds(waitForMore)
  let worker: Worker | undefined
  let ending: Promise<unknown> | undefined
  let idle: NodeJS.Timeout | undefined
  let closed = false
  return { call, hold: holds.hold, close }

  async function call<Name extends keyof ArchiveCalls>(
    name: Name,
    ...given: Parameters<ArchiveCalls[Name]>
  ): Promise<Awaited<ReturnType<ArchiveCalls[Name]>>> {
    if (closed) throw new Error('the archive is closed')
    clearTimeout(idle)
    // It still writes its last pages into the file.
    while (ending) await ending
    worker ??= start()
    return (await asked.ask(worker, { call: name, given })) as Awaited<
      ReturnType<ArchiveCalls[Name]>
    >
  }

  function start(): Worker {
    const data: ThreadData = { place, keeping }
    const started = new Worker(THREAD, { workerData: data, resourceLimits: THREAD_LIMITS })
    growSlowlyBeside(started)
    started.unref()
    started.on('message', heard)
    // It may end before it has said what it was asked, and nobody would ever be answered.
    started.on('exit', () => giveUp(started, new Error('the thread of the archive has ended')))
    // Whoever asks next starts another one, and what it had committed is in the file.
    started.on('error', (error) => {
      onFault('the archive', error)
      giveUp(started, error)
    })
    return started
  }

  function giveUp(thread: Worker, error: Error): void {
    if (worker === thread) worker = undefined
    asked.giveUp(thread, error)
  }

  function heard(said: Said): void {
    if ('removed' in said) onRemoved(said.removed)
    else if ('failed' in said) onFault('the archive', errorOf(said.failed))
    else answered(said)
  }

  function answered(said: Answered): void {
    asked.answered(said.id, 'fault' in said ? errorOf(said.fault) : said.answer)
    waitForMore()
  }

  function waitForMore(): void {
    if (!worker || holds.any() || asked.isWaiting() || closed || ending) return
    clearTimeout(idle)
    idle = setTimeout(() => void leave(), IDLE).unref()
  }

  async function leave(): Promise<void> {
    const before = asked.count()
    const nextExpiry = await call('rest').catch(() => undefined)
    clearTimeout(idle)
    // Somebody has asked meanwhile.
    if (asked.count() !== before + 1 || holds.any() || closed) return
    await end()
    onRest(nextExpiry)
  }

  async function end(): Promise<void> {
    const ended = worker
    if (!ended) return
    worker = undefined
    ending = Promise.allSettled([
      once(ended, 'exit'),
      asked.ask(ended, { call: 'close', given: [] }),
    ])
    await ending
    ending = undefined
  }

  async function close(): Promise<void> {
    closed = true
    clearTimeout(idle)
    await ending
    await end()
  }
}

/** A thread runs what was built, also where the server runs from its sources. */
const FOLDER = import.meta.url.endsWith('.ts') ? '../dist/' : ''
const THREAD = new URL(`${FOLDER}find/archive/archive-worker.js`, CODE_FOLDER)
