import { backOff, DeadlineError, withDeadline } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import type { callerNamed } from './caller.js'
import { SkyApiError } from './error.js'
import type { SkyHttp } from './http.js'
import { isOver, requestsIn, resultIn, type SkyRequest, type SkyResult } from './requests.js'
import { unlikeApiServer } from './unlike.js'

/** The API server does everything as a request of its own, which has an id and is asked about by it. */
export interface SkyRequests {
  /** Has something done, and returns the request's id as soon as the server has taken it. */
  schedule(path: string, body: object, signal?: AbortSignal): Promise<string>
  /** One request, or undefined where the server knows of none (any more). */
  request(id: string, signal?: AbortSignal): Promise<SkyRequest | undefined>
  /** The requests about a cluster, newest first; those that are over too, if `all`. */
  requestsOf(
    cluster: string,
    options: { all: boolean; signal?: AbortSignal },
  ): Promise<SkyRequest[]>
  /** The requests of this name that are not over, whoever has made them. */
  going(name: string, signal?: AbortSignal): Promise<SkyRequest[]>
  /** How a request that is over ended. */
  result(id: string, signal?: AbortSignal): Promise<SkyResult>
  /** Waits until a request is over. */
  settled(id: string, signal: AbortSignal): Promise<SkyResult>
  /** The value of a request that only asks something. */
  value(path: string, body: object, signal: AbortSignal): Promise<unknown>
}

export interface SkyRequestsOptions {
  http: SkyHttp
  /** Who asks, in every body. */
  caller: ReturnType<typeof callerNamed>
  /** The longest pause between two looks at a request, in milliseconds. */
  poll: number
  /** How long a request that only asks something may take, in milliseconds. */
  patience: number
}

const LIST_LIMIT = 500

export function skyRequests({ http, caller, poll, patience }: SkyRequestsOptions): SkyRequests {
  const { origin } = http
  return { schedule, request, requestsOf, going, result, settled, value }

  async function schedule(path: string, body: object, signal?: AbortSignal): Promise<string> {
    const call = { method: 'POST', path, body: { ...caller, ...body }, signal } as const
    const { headers } = await http.ask(call)
    const id = headers['x-skypilot-request-id'] ?? headers['x-request-id']
    if (typeof id === 'string' && /^[\w.-]{1,200}$/.test(id)) return id
    throw unlikeApiServer(origin)
  }

  async function request(id: string, signal?: AbortSignal): Promise<SkyRequest | undefined> {
    const path = `/api/status?request_ids=${encodeURIComponent(id)}`
    const { status, body } = await http.ask({ method: 'GET', path, accepts: [404], signal })
    // The server takes the beginning of an id too.
    return status === 404 ? undefined : listed(body).find((known) => known.id === id)
  }

  async function requestsOf(
    cluster: string,
    { all, signal }: { all: boolean; signal?: AbortSignal },
  ): Promise<SkyRequest[]> {
    const query = all ? `?all_status=true&limit=${LIST_LIMIT}` : ''
    const { body } = await http.ask({ method: 'GET', path: `/api/status${query}`, signal })
    return listed(body)
      .filter((known) => known.cluster === cluster)
      .sort((a, b) => b.createdAt - a.createdAt)
  }

  async function going(name: string, signal?: AbortSignal): Promise<SkyRequest[]> {
    const { body } = await http.ask({ method: 'GET', path: '/api/status', signal })
    return listed(body).filter((known) => known.name === name && !isOver(known.status))
  }

  function listed(body: unknown): SkyRequest[] {
    const requests = requestsIn(body)
    if (!requests) throw unlikeApiServer(origin)
    return requests
  }

  async function result(id: string, signal?: AbortSignal): Promise<SkyResult> {
    const path = `/api/get?request_id=${encodeURIComponent(id)}`
    const { status, body } = await http.ask({ method: 'GET', path, accepts: [500], signal })
    const ended = resultIn(status, body)
    if (ended) return ended
    const what = `HTTP ${status} when asked how a request ended`
    const message = `the SkyPilot API server ${origin} cannot be reached: ${what}`
    throw new SkyApiError(message, { passes: true, status })
  }

  async function settled(id: string, signal: AbortSignal): Promise<SkyResult> {
    for (let attempt = 0; ; attempt += 1) {
      const known = await request(id, signal)
      if (!known) {
        return {
          status: 'FAILED',
          type: '',
          message: 'SkyPilot does not know the request any more',
        }
      }
      if (isOver(known.status)) return result(id, signal)
      await pauseFor(backOff(attempt, { first: poll / 4, longest: poll }), signal)
    }
  }

  async function value(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const ended = await answerTo(path, body, signal)
    if (ended.status === 'SUCCEEDED') return ended.value
    if (ended.status === 'CANCELLED') throw unanswered(path, 'cancelled')
    throw unanswered(path, `${ended.type} ${ended.message}`.trim(), ended.type)
  }

  async function answerTo(path: string, body: object, signal: AbortSignal): Promise<SkyResult> {
    try {
      return await withDeadline(patience, signal, async (within) =>
        settled(await schedule(path, body, within), within),
      )
    } catch (error) {
      throw error instanceof DeadlineError ? unanswered(path, error.message) : error
    }
  }
}

function unanswered(path: string, why: string, type?: string): SkyApiError {
  const message = `SkyPilot could not answer ${path}: ${why.slice(0, 1000)}`
  return new SkyApiError(message, { passes: true, ...(type !== undefined && { type }) })
}
