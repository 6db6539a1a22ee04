import { createHash } from 'node:crypto'
import { pauseFor } from '../../../async/retry.js'
import { SkyApiError, type SkyHttp, WANTS_LOGIN } from './http.js'

/** What is used of the API server's answers. Any field may be missing in one version or another. */
export interface SkyRequest {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly cluster: string | undefined
  /** Seconds since 1970. */
  readonly createdAt: number
}

export interface SkyHealth {
  readonly apiVersion: number | undefined
  readonly version: string | undefined
  /** Whether it says that it lets in whoever can reach it. */
  readonly open: boolean
}

export type SkyResult =
  | { readonly status: 'SUCCEEDED'; readonly value: unknown }
  | { readonly status: 'FAILED'; readonly type: string; readonly message: string }
  | { readonly status: 'CANCELLED' }

export interface SkyApi {
  readonly origin: string
  /** Throws SkyApiError where it cannot be worked with, and says what to do. */
  health(signal?: AbortSignal): Promise<SkyHealth>
  /** The request's id, as soon as the server has taken it. */
  launch(task: string, cluster: string, signal?: AbortSignal): Promise<string>
  /** One request, or undefined where the server knows of none (any more). */
  request(id: string, signal?: AbortSignal): Promise<SkyRequest | undefined>
  /** The requests about a cluster, newest first; those that are over too, if `all`. */
  requestsOf(
    cluster: string,
    options: { all: boolean; signal?: AbortSignal },
  ): Promise<SkyRequest[]>
  /** How a request that is over ended. */
  result(id: string, signal?: AbortSignal): Promise<SkyResult>
  /** A cluster's status, or undefined where there is none of that name. */
  cluster(
    name: string,
    options: { fresh?: boolean; signal: AbortSignal },
  ): Promise<string | undefined>
  jobStatus(cluster: string, job: number | null, signal: AbortSignal): Promise<string | undefined>
  /** Where a port of the cluster is reached: `host:port`, or an address with its scheme. */
  endpoint(cluster: string, port: number, signal: AbortSignal): Promise<string | undefined>
  /** Ends a request. Never all of them, as an empty list would. */
  cancel(id: string, signal: AbortSignal): Promise<void>
  /** Asks for a cluster to be taken down, and returns the request's id. */
  down(cluster: string, signal: AbortSignal): Promise<string>
  /** Waits until a request is over. */
  settled(id: string, signal: AbortSignal): Promise<SkyResult>
  /** A request's own output from its beginning, and on until it is over. */
  output(id: string, signal: AbortSignal): AsyncGenerator<Buffer, void>
  /** A job's output from its beginning, and on until it is over. */
  jobOutput(cluster: string, job: number | null, signal: AbortSignal): AsyncGenerator<Buffer, void>
}

export interface SkyApiOptions {
  http: SkyHttp
  /** Milliseconds between two questions whether a request is over. */
  poll?: number
  /** Milliseconds without a byte after which a request's stream counts as cut. */
  silence?: number
}

/** The oldest API that has all that is used here: SkyPilot 0.10.0. */
const OLDEST_API = 11
/** A heartbeat comes every 30 s. */
const SILENCE = 90_000
/** A job may say nothing for hours; what is cut is found out by the socket's keep-alive. */
const JOB_SILENCE = 6 * 3_600_000
const LIST_LIMIT = 500

/** The calls of the API server that a launch needs. Nothing in its answers is taken for granted. */
export function skyApi({ http, poll = 500, silence = SILENCE }: SkyApiOptions): SkyApi {
  const { origin } = http
  return {
    ...{ origin, health, launch, request, requestsOf, result, cluster, jobStatus, endpoint },
    ...{ cancel, down, settled, output, jobOutput },
  }

  async function health(signal?: AbortSignal): Promise<SkyHealth> {
    const { body } = await http.ask('GET', '/api/health', { ...withSignal(signal) })
    const health = fields(body)
    const { status, api_version, version, message } = health
    if (typeof status !== 'string') throw noServer()
    if (status === 'needs_auth') {
      throw refusal(`the SkyPilot API server ${origin} wants a login; ${WANTS_LOGIN}`)
    }
    const apiVersion = numberOf(api_version)
    if (status === 'version_mismatch' || (apiVersion !== undefined && apiVersion < OLDEST_API)) {
      const theirs = text(version) ?? 'unknown'
      throw refusal(
        `the SkyPilot API server ${origin} has a version that does not work with this server: ${theirs} (API ${apiVersion ?? 'unknown'}), and API ${OLDEST_API} or newer is needed${message ? `; ${message}` : ''}`,
      )
    }
    if (status !== 'healthy') {
      throw new SkyApiError(
        `the SkyPilot API server ${origin} cannot be reached: it says that it is ${status.slice(0, 100)}`,
        { passes: true },
      )
    }
    const guards = [health.basic_auth_enabled, health.service_account_token_enabled]
    // Where a proxy lets people in, it knows who asks.
    const open = guards.every((on) => on === false) && !isPerson(health.user)
    return { apiVersion, version: text(version), open }
  }

  async function launch(task: string, name: string, signal?: AbortSignal): Promise<string> {
    return schedule('/launch', { task, cluster_name: name }, signal)
  }

  /** Has something done; what the server answers is the number of the request, in a header. */
  async function schedule(path: string, body: object, signal?: AbortSignal): Promise<string> {
    const { headers } = await http.ask('POST', path, {
      body: { ...COMMON, ...body },
      ...withSignal(signal),
    })
    const id = headers['x-skypilot-request-id'] ?? headers['x-request-id']
    if (typeof id === 'string' && /^[\w.-]{1,200}$/.test(id)) return id
    throw noServer()
  }

  async function request(id: string, signal?: AbortSignal): Promise<SkyRequest | undefined> {
    const query = `request_ids=${encodeURIComponent(id)}`
    const answer = await http.ask('GET', `/api/status?${query}`, {
      accepts: [404],
      ...withSignal(signal),
    })
    if (answer.status === 404) return undefined
    return requestsIn(answer.body).find((known) => known.id === id)
  }

  async function requestsOf(
    name: string,
    { all, signal }: { all: boolean; signal?: AbortSignal },
  ): Promise<SkyRequest[]> {
    const query = all ? `?all_status=true&limit=${LIST_LIMIT}` : ''
    const { body } = await http.ask('GET', `/api/status${query}`, { ...withSignal(signal) })
    return requestsIn(body)
      .filter((known) => known.cluster === name)
      .sort((a, b) => b.createdAt - a.createdAt)
  }

  function requestsIn(body: unknown): SkyRequest[] {
    if (!Array.isArray(body)) throw noServer()
    return body.flatMap((payload) => {
      const { request_id, name, status, cluster_name, created_at } = fields(payload)
      if (typeof request_id !== 'string') return []
      return {
        id: request_id,
        name: text(name) ?? '',
        status: text(status) ?? '',
        cluster: text(cluster_name),
        createdAt: numberOf(created_at) ?? 0,
      }
    })
  }

  async function result(id: string, signal?: AbortSignal): Promise<SkyResult> {
    const query = `request_id=${encodeURIComponent(id)}`
    const answer = await http.ask('GET', `/api/get?${query}`, {
      accepts: [500],
      ...withSignal(signal),
    })
    const payload = answer.status === 500 ? fields(fields(answer.body).detail) : fields(answer.body)
    const { status, return_value, error } = payload
    if (status === 'CANCELLED') return { status }
    if (answer.status !== 500 && status === 'SUCCEEDED') {
      return { status, value: json(return_value) }
    }
    // Its `object` is a pickle, which is never read.
    const { type, message } = fields(json(error))
    if (status !== 'FAILED') {
      throw new SkyApiError(
        `the SkyPilot API server ${origin} cannot be reached: HTTP ${answer.status} to the question how a request ended`,
        { passes: true, status: answer.status },
      )
    }
    return { status, type: text(type) ?? '', message: text(message) ?? '' }
  }

  async function settled(id: string, signal: AbortSignal): Promise<SkyResult> {
    for (let pause = poll / 4; ; pause = Math.min(pause * 2, poll)) {
      const known = await request(id, signal)
      if (!known)
        return { status: 'FAILED', type: '', message: 'the request is not known any more' }
      if (isOver(known.status)) return result(id, signal)
      await pauseFor(pause, signal)
    }
  }

  /** The value of a request that only asks something. */
  async function value(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const ended = await settled(await schedule(path, body, signal), signal)
    if (ended.status === 'SUCCEEDED') return ended.value
    const why = ended.status === 'FAILED' ? `${ended.type} ${ended.message}`.trim() : 'cancelled'
    throw new SkyApiError(`SkyPilot could not answer ${path}: ${why.slice(0, 1000)}`, {
      passes: true,
      ...(ended.status === 'FAILED' && { type: ended.type }),
    })
  }

  async function cluster(
    name: string,
    { fresh = false, signal }: { fresh?: boolean; signal: AbortSignal },
  ): Promise<string | undefined> {
    const body = { cluster_names: [name], refresh: fresh ? 'FORCE' : 'AUTO', all_users: true }
    try {
      const found = await value('/status', body, signal)
      if (!Array.isArray(found)) throw noServer()
      const record = found.map(fields).find((one) => one.name === name)
      return record && (text(record.status) ?? 'UP')
    } catch (error) {
      if (error instanceof SkyApiError && isGone(error.type)) return undefined
      throw error
    }
  }

  async function jobStatus(name: string, job: number | null, signal: AbortSignal) {
    const body = { cluster_name: name, job_ids: job === null ? null : [job] }
    const statuses = Object.entries(fields(await value('/job_status', body, signal)))
    const own = statuses.find(([id]) => job === null || Number(id) === job)
    return own && text(own[1])?.replace(/^JobStatus\./, '')
  }

  async function endpoint(name: string, port: number, signal: AbortSignal) {
    const found = fields(await value('/endpoints', { cluster: name, port }, signal))
    return text(found[String(port)])
  }

  async function cancel(id: string, signal: AbortSignal): Promise<void> {
    await value('/api/cancel', { request_ids: [id] }, signal)
  }

  async function down(name: string, signal: AbortSignal): Promise<string> {
    return schedule('/down', { cluster_name: name, purge: false }, signal)
  }

  function output(id: string, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const query = `request_id=${encodeURIComponent(id)}&format=console&follow=true`
    return http.stream('GET', `/api/stream?${query}`, { signal, silence })
  }

  function jobOutput(name: string, job: number | null, signal: AbortSignal) {
    const body = { ...COMMON, cluster_name: name, job_id: job, follow: true, tail: 0 }
    return http.stream('POST', '/logs', { body, signal, silence: JOB_SILENCE })
  }

  function noServer(): SkyApiError {
    return new SkyApiError(
      `the SkyPilot API server ${origin} did not answer as one; check SKYPILOT_API_SERVER_ENDPOINT`,
      { passes: true },
    )
  }

  function refusal(message: string): SkyApiError {
    return new SkyApiError(message, { passes: false })
  }
}

/** Whether a request in this status is over; one that nobody knows goes on. */
export function isOver(status: string): boolean {
  return ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(status)
}

/** Whether an exception of this name says that there is no such cluster. */
export function isGone(type: string | undefined): boolean {
  return /\bClusterDoesNotExist\b/.test(type ?? '')
}

/**
 * Who asks. Whoever names no user is taken for the server's own; the worker of one that is named
 * by half dies.
 */
const COMMON = {
  env_vars: {
    SKYPILOT_USER_ID: createHash('sha256').update('launchtail').digest('hex').slice(0, 8),
    SKYPILOT_USER: 'launchtail',
  },
  override_skypilot_config: {},
  using_remote_api_server: true,
}

function isPerson(user: unknown): boolean {
  return typeof user === 'string' ? user !== '' : Object.keys(fields(user)).length > 0
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {}
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? (value as Record<string, unknown>) : {}
}

/** Values come as JSON in a text; what is none is passed over. */
function json(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    // A pickle, perhaps: not read.
    return undefined
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}
