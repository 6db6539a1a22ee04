import type { Worker } from 'node:worker_threads'

/** From the server to a thread. */
export type Numbered<Question extends object> = Question & { readonly id: number }

interface Waiting {
  readonly thread: Worker
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** What threads were asked, and who waits for the answers. */
export function createAsked<Question extends object>() {
  const waiting = new Map<number, Waiting>()
  let count = 0
  return {
    /** How many questions there have been. */
    count: () => count,
    isWaiting: () => waiting.size > 0,
    ask(thread: Worker, question: Question): Promise<unknown> {
      const id = count++
      const answer = new Promise((resolve, reject) => waiting.set(id, { thread, resolve, reject }))
      thread.postMessage({ id, ...question } satisfies Numbered<Question>)
      return answer
    },
    answered(id: number, answer: unknown): void {
      const asker = waiting.get(id)
      waiting.delete(id)
      if (answer instanceof Error) asker?.reject(answer)
      else asker?.resolve(answer)
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
