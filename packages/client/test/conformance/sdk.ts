import { ApiError, createClient, StreamTimeoutError } from '@launchtail/client'
import type { Driver, Outcome, RunOptions, RunResult, TestEvent } from './behaviours.js'

/** `@launchtail/client` in this process. */
export function sdkDriver(): Driver {
  return { name: 'the SDK on Node', run: readStream }
}

/** Reads a stream with the SDK. It runs in a browser too, so it needs nothing of Node. */
export async function readStream(
  baseUrl: string,
  nodeId: string,
  token: string,
  options: RunOptions,
): Promise<RunResult> {
  const events: TestEvent[] = []
  const client = createClient({ baseUrl, token })
  // The shortest waits, nearly: how they are spread is tested elsewhere.
  const stream = client.stream(nodeId, { ...options, random: () => 0.02 })
  let outcome: Outcome = 'nothing more'
  try {
    for await (const event of stream) {
      events.push(event)
      if (event.event === 'done') outcome = 'done'
    }
  } catch (error) {
    if (error instanceof ApiError) outcome = `refused ${error.status}`
    else if (error instanceof StreamTimeoutError) outcome = 'timed out'
    else throw error
  }
  return { events, outcome }
}
