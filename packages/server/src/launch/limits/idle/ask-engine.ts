import { withDeadline } from '@launchtail/client/async'
import { type EngineLoad, engineLoadIn } from './engine-load.js'

const TIMEOUT = 5000
/** A page of metrics has some 100 KB. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * Asks the engine at this endpoint for its load; undefined where it has no metrics of that, and `away` where
 * it does not answer.
 */
export async function askEngine(
  endpoint: string,
  { engine, signal }: { engine: string | undefined; signal: AbortSignal },
): Promise<EngineLoad | 'away' | undefined> {
  const url = `${endpoint.replace(/[/?#]+$/, '')}/metrics`
  try {
    return await withDeadline(TIMEOUT, signal, async (within) => {
      const answer = await fetch(url, { signal: within, redirect: 'error' })
      return answer.ok ? engineLoadIn(await bounded(answer), engine) : undefined
    })
  } catch {
    signal.throwIfAborted()
    return 'away'
  }
}

async function bounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels the body.
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MOST_BYTES) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
