import type { Client } from '@launchtail/client'
import { withDeadline } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'

export interface BeatsOptions {
  client: Pick<Client, 'beatNode'>
  nodeId: string
  /** Milliseconds without a sign after which the launch is lost. */
  lostAfter: number
}

/** Several beats fit into the time after which a launch is lost. */
const EVERY = 30_000
const ANSWER_TIMEOUT = 5000

/**
 * Says again and again that the launch goes on, so that a model that loads in silence is not lost. The
 * first beat is answered before this returns. Returns a function that ends them.
 */
export async function startBeats({ client, nodeId, lostAfter }: BeatsOptions): Promise<() => void> {
  const every = Math.max(500, Math.min(EVERY, lostAfter / 4))
  await beat()
  const timer = setInterval(() => void beat(), every)
  return () => clearInterval(timer)

  async function beat(): Promise<void> {
    try {
      await withDeadline(Math.min(every, ANSWER_TIMEOUT), undefined, (signal) =>
        client.beatNode(nodeId, { lost_after: formatDuration(lostAfter) }, { signal }),
      )
    } catch {
      // The next beat says the same. If the server is away, the upload reports it.
    }
  }
}
