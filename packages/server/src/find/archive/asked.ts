import type { Worker } from 'node:worker_threads'
import type { Answered, ArchiveCalls, Asked } from './calls.js'
import { errorOf } from './faults.js'

interface Waiting {
  readonly thread: Worker
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** What threads were asked, and who waits for the answers. */
export function createAsked() {
  const waiting = new Map<number, Waiting>()
  let count = 0
  return {
    /** How many questions there have been. */
    count: () => count,
    isWaiting: () => waiting.size > 0,
    ask(thread: Worker, call: keyof ArchiveCalls, given: readonly unknown[]): Promise<unknown> {
      const id = count++
      const answer = new Promise((resolve, reject) => waiting.set(id, { thread, resolve, reject }))
      thread.postMessage({ id, call, given } satisfies Asked)
      return answer
    },
    answered(said: Answered): void {
      const asker = waiting.get(said.id)
      waiting.delete(said.id)
      if ('fault' in said) asker?.reject(errorOf(said.fault))
      else asker?.resolve(said.answer)
    },
    /** The thread has ended. Whoever waits for it would do so for ever. */
    giveUp(thread: Worker, error: Error): void {
      for (const [id, asker] of waiting) {
        if (asker.thread !== thread) continue
        waiting.delete(id)
        asker.reject(error)
      }
    },
  }
}
