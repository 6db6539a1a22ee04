import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN } from '../support/processes.js'

/** Writes to nodes, one entry after the other to each, until each is acknowledged. */
export interface Writer {
  /** What each node's log must be: its messages, in their order. */
  readonly written: ReadonlyMap<string, readonly string[]>
  /** Requests that had to be sent again, by what came of them. */
  readonly again: ReadonlyMap<string, number>
  /** Ends when the entry that each node is being sent is acknowledged. */
  stop(): Promise<void>
}

/** Milliseconds that an answer is waited for. */
const PATIENCE = 5000

/** `rate` is of all nodes, in entries a second. `dress` makes what is sent out of a message. */
export function startWriter(
  url: string,
  nodeIds: readonly string[],
  rate: number,
  dress: (message: string) => string = (message) => message,
): Writer {
  const written = new Map<string, string[]>(nodeIds.map((id) => [id, []]))
  const again = new Map<string, number>()
  let isOver = false
  const writing = Promise.all(nodeIds.map(write))
  return {
    written,
    again,
    async stop() {
      isOver = true
      await writing
    },
  }

  async function write(nodeId: string): Promise<void> {
    const messages = written.get(nodeId) as string[]
    const pause = (1000 * nodeIds.length) / rate
    for (let n = 0; !isOver; n += 1) {
      const due = performance.now() + pause
      const message = `${nodeId} ${n}`
      for (;;) {
        const outcome = await send(nodeId, message)
        if (outcome === 'taken') break
        again.set(outcome, (again.get(outcome) ?? 0) + 1)
        await sleep(100)
      }
      messages.push(message)
      await sleep(Math.max(0, due - performance.now()))
    }
  }

  /** The key makes it the same entry, however often it is sent. */
  async function send(nodeId: string, message: string): Promise<string> {
    try {
      const answer = await fetch(`${url}/admin/nodes/${nodeId}/logs`, {
        method: 'POST',
        headers: {
          'X-Admin-Token': TOKEN,
          'Content-Type': 'application/json',
          // A connection of its own: one that is kept may be closed just when it is used again.
          Connection: 'close',
          'Idempotency-Key': message.replace(' ', '-'),
        },
        body: JSON.stringify({ message: dress(message) }),
        signal: AbortSignal.timeout(PATIENCE),
      })
      await answer.text()
      return answer.status === 202 ? 'taken' : String(answer.status)
    } catch (error) {
      const { name, cause } = error as Error
      return name === 'TimeoutError' ? 'no answer' : `cut, ${(cause as { code?: string })?.code}`
    }
  }
}
