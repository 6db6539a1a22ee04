import type { Service } from '../../launcher.js'
import type { SkyApi } from '../api/api.js'
import type { Pace } from '../pace.js'

export interface ServiceWatch {
  /** A service as it was a moment ago at most; undefined where SkyServe has none of this name. */
  look(name: string, signal: AbortSignal): Promise<Service | undefined>
}

interface Look {
  readonly at: number
  readonly found: Promise<Service | undefined>
}

/**
 * Asks about services. Each question costs the API server a process, and all replicas of a service are in
 * its answer, so one answer is for all who want to know about that time.
 */
export function watchServices(api: Pick<SkyApi, 'services'>, pace: Pick<Pace, 'status'>) {
  const looks = new Map<string, Look>()
  const watch: ServiceWatch = { look }
  return watch

  async function look(name: string, signal: AbortSignal): Promise<Service | undefined> {
    signal.throwIfAborted()
    const { found } = newest(name) ?? ask(name)
    return await orAborted(found, signal)
  }

  function newest(name: string): Look | undefined {
    const known = looks.get(name)
    return known && performance.now() - known.at < pace.status / 2 ? known : undefined
  }

  function ask(name: string): Look {
    // Whoever asks first may leave before the others.
    const found = api.services.service(name, new AbortController().signal)
    const asked = { at: performance.now(), found }
    looks.set(name, asked)
    const forget = () => {
      if (looks.get(name) === asked) looks.delete(name)
    }
    found.catch(forget)
    setTimeout(forget, pace.status).unref()
    return asked
  }
}

/** Rejects with the signal's reason if that aborts first. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
