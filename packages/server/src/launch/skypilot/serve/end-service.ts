import { pauseFor } from '../../../async/retry.js'
import type { SkyApi } from '../api/api.js'
import { SkyApiError } from '../api/error.js'
import { isOver } from '../api/requests.js'
import type { Pace } from '../pace.js'
import { UP } from './ask-for-service.js'

export interface EndOptions {
  api: SkyApi
  name: string
  signal: AbortSignal
}

/** Has SkyServe end a service. True once it is gone; until then, this is to be called again. Idempotent. */
export async function endService({ api, name, signal }: EndOptions): Promise<boolean> {
  const service = await api.services.service(name, signal)
  if (!service) return true
  if (service.status === 'SHUTTING_DOWN') return false
  const ended = await api.settled(await api.services.down(name, signal), signal)
  if (ended.status === 'FAILED') {
    const why = `${ended.type} ${ended.message.slice(0, 1000)}`
    const message = `SkyPilot could not end the service ${name}: ${why}`
    throw new SkyApiError(message, { passes: true, type: ended.type })
  }
  return false
}

export interface EndWholeOptions extends EndOptions {
  /** The request that brings it up, where that is known. */
  id: string | undefined
  /** True where it was asked for a moment ago. */
  fresh: boolean
  pace: Pick<Pace, 'status' | 'settle'>
}

/**
 * Ends what brings a service up, and the service. Returns when it is gone; throws SkyApiError where nobody
 * knows whether it is. Idempotent.
 */
export async function endWholeService(options: EndWholeOptions): Promise<void> {
  const { api, name, id, fresh, pace, signal } = options
  const request = id === undefined ? undefined : await api.request(id, signal)
  if (request && !isOver(request.status)) {
    await api.cancel(request.id, signal)
    // The controller may have it already, and registers it.
    await pauseFor(pace.settle, signal)
  }
  if (id === undefined && fresh && (await api.going(UP, signal)).length > 0) {
    throw new SkyApiError(`the service ${name} may have been accepted just now`, { passes: true })
  }
  while (!(await endService(options))) await pauseFor(pace.status, signal)
}
