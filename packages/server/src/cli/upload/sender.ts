import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, type Client, ConnectionError } from '@launchtail/client'
import { backOff, withDeadline } from '@launchtail/client/async'
import type { Backlog } from './backlog.js'
import type { Condition } from './condition.js'
import { sendInOneRequest } from './request.js'

export interface SenderOptions {
  client: Client
  nodeId: string
  backlog: Backlog
  changes: Condition
  isOver: () => boolean
  answerTimeout: number
  note: (text: string) => void
  /** Aborts when the upload is given up. */
  signal: AbortSignal
}

export interface Sender {
  /** Sends all of the output, across cuts and restarts of the server. Throws if it is refused. */
  run(): Promise<void>
  /** Asks what has arrived, and drops it from the backlog. */
  confirm(): Promise<void>
  /** True while the server does not answer. */
  isAway(): boolean
  /** True once the server has refused the output for good. */
  isRefused(): boolean
  /** When something arrived for the last time, in milliseconds of the monotonic clock. */
  progressAt(): number
}

const BACK_OFF = { first: 200, longest: 5000 }

export function createSender(options: SenderOptions): Sender {
  const { client, nodeId, backlog, changes, isOver, answerTimeout, note, signal } = options
  const source = randomUUID()
  let isAway = false
  let isRefused = false
  /** Failures since something arrived. */
  let failures = 0
  let progressAt = performance.now()
  return {
    run,
    confirm,
    isAway: () => isAway,
    isRefused: () => isRefused,
    progressAt: () => progressAt,
  }

  async function run(): Promise<void> {
    while (!(await sendAll().catch(afterFailure)));
  }

  /** Returns true when the output has ended and all of it has arrived. */
  async function sendAll(): Promise<boolean> {
    await confirm()
    isAway = false
    changes.notify()
    await sendInOneRequest({ ...options, source, confirm })
    await confirm()
    return isOver() && backlog.size() === 0
  }

  /** Waits before the next attempt. Throws if another attempt cannot help. */
  async function afterFailure(error: unknown): Promise<false> {
    signal.throwIfAborted()
    if (!isPassing(error)) {
      isRefused = true
      const reason = reasonOf(error)
      note(`the output is no longer sent: ${reason.message}`)
      changes.notify()
      throw reason
    }
    isAway = true
    changes.notify()
    failures += 1
    // A single cut is not worth a word: sending goes on at once.
    if (failures === 2) note(`${error.message}; keeping the output until the server is back`)
    const retryAfter = error instanceof ApiError ? (error.retryAfter ?? 0) : 0
    const wait = Math.max(backOff(failures - 1, BACK_OFF), retryAfter)
    // If the signal aborts, the next attempt throws its reason.
    await pause(wait, undefined, { signal }).catch(() => {})
    return false
  }

  async function confirm(): Promise<void> {
    const arrived = await withDeadline(answerTimeout, signal, (signal) =>
      client.getNodeLogOffset(nodeId, source, { signal }),
    )
    if (!backlog.drop(arrived)) return
    failures = 0
    progressAt = performance.now()
    changes.notify()
  }
}

/** The answer to `HEAD` has no message, so this supplies one. */
function reasonOf(error: unknown): Error {
  const isGone = error instanceof ApiError && error.status === 404
  return isGone ? new Error('the node is gone', { cause: error }) : (error as Error)
}

function isPassing(error: unknown): error is Error {
  if (error instanceof ApiError) return error.isPassing || error.status === 409
  return error instanceof ConnectionError || (error as Error).name === 'TimeoutError'
}
