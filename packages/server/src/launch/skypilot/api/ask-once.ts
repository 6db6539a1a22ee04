import { stillWanted } from '../../../async/retry.js'
import type { Pace } from '../pace.js'
import type { SkyApi } from './api.js'
import { SkyApiError } from './error.js'
import type { Intent } from './intent.js'

export type Answer =
  /** It is being launched. `id` is undefined where only what it made was found. */
  | { readonly is: 'taken'; readonly id: string | undefined }
  /** It was not launched, and never will be. */
  | { readonly is: 'refused'; readonly why: string }

export interface AskOptions {
  api: SkyApi
  cluster: string
  yaml: string
  intent: Intent
  pace: Pace
  signal: AbortSignal
}

export interface Looked {
  /** The answer where an earlier attempt was taken. */
  readonly found?: Answer
  /** What has the launch's name and is not ours. */
  readonly known: string[]
}

/** A way to launch. */
export interface Way {
  /** Looks for what an earlier attempt of this launch has begun or made. */
  look: (options: AskOptions) => Promise<Looked>
  /** Asks for the launch. Gives the request's id. */
  send: (options: AskOptions) => Promise<string>
}

/**
 * Has SkyPilot launch something, once. Where the answer to an earlier attempt was lost, what came of it is
 * taken up. Throws SkyApiError where it is not known how it went; then call it again.
 */
export async function askOnce(options: AskOptions, { look, send }: Way): Promise<Answer> {
  const { api, intent, signal } = options
  const before = intent.asked()
  try {
    await api.health(signal)
    const { found, known } = await look(options)
    if (found) return found
    await stillWanted(signal)
    if (intent.isCancelled()) return { is: 'refused', why: 'the launch was cancelled' }
    if (!before) intent.ask({ at: Date.now(), known })
    const id = await send(options)
    intent.accepted(id)
    return { is: 'taken', id }
  } catch (error) {
    // An earlier attempt may have been taken. A refusal of this one says nothing about that.
    if (!(error instanceof SkyApiError) || error.passes || before) throw error
    return { is: 'refused', why: error.message }
  }
}

/** It is not known yet how an earlier attempt went. */
export function again(why: string): SkyApiError {
  return new SkyApiError(why, { passes: true })
}
