import type { Service } from '../../launcher.js'
import { SkyApiError } from '../api/error.js'
import type { SkyHttp } from '../api/http.js'
import type { SkyRequests } from '../api/request-calls.js'
import { unlikeApiServer } from '../api/unlike.js'
import { servicesIn } from './service.js'

/** The calls of the API server that services need. */
export interface Services {
  /** The request's id, as soon as the server has taken it. */
  up(task: string, name: string, signal?: AbortSignal): Promise<string>
  /** One service, or undefined where SkyServe has none of this name. */
  service(name: string, signal: AbortSignal): Promise<Service | undefined>
  /** Asks for a service to be ended, also where it has failed, and returns the request's id. */
  down(name: string, signal: AbortSignal): Promise<string>
  /** The log of a replica from its beginning: of its launch, and then of its job. */
  output(name: string, replica: number, signal: AbortSignal): AsyncGenerator<Buffer, void>
}

export interface ServicesOptions extends Pick<SkyRequests, 'schedule' | 'value'> {
  http: Pick<SkyHttp, 'origin' | 'stream'>
  caller: object
  /** Milliseconds without a byte after which an output counts as cut. */
  silence: number
}

export function skyServices({ schedule, value, http, caller, silence }: ServicesOptions): Services {
  return { up, service, down, output }

  function up(task: string, name: string, signal?: AbortSignal): Promise<string> {
    return schedule('/serve/up', { task, service_name: name }, signal)
  }

  async function service(name: string, signal: AbortSignal): Promise<Service | undefined> {
    try {
      const found = servicesIn(await value('/serve/status', { service_names: [name] }, signal))
      if (!found) throw unlikeApiServer(http.origin)
      return found.find((one) => one.name === name)
    } catch (error) {
      // There is no controller, or it has stopped since it has no services.
      if (error instanceof SkyApiError && /\bClusterNotUpError\b/.test(error.type ?? '')) {
        return undefined
      }
      throw error
    }
  }

  function down(name: string, signal: AbortSignal): Promise<string> {
    return schedule('/serve/down', { service_names: [name], all: false, purge: false }, signal)
  }

  function output(name: string, replica: number, signal: AbortSignal) {
    const body = {
      ...{ ...caller, service_name: name, target: 'replica', replica_id: replica },
      ...{ follow: true, tail: null },
    }
    return http.stream({ method: 'POST', path: '/serve/logs', body, signal, silence })
  }
}
