import { SkyApiError, WANTS_LOGIN } from './error.js'
import { fields, numberOf, text } from './fields.js'

export interface SkyHealth {
  readonly apiVersion: number | undefined
  readonly version: string | undefined
  /** Who this server is there, by its login; undefined where there is none. */
  readonly user: string | undefined
  /** True where the server says that it lets in whoever can reach it. */
  readonly open: boolean
}

/** The oldest API that has everything that is used here: SkyPilot 0.10.0. */
const OLDEST_API = 11

/**
 * Reads the answer of `/api/health`. Throws a SkyApiError that says what to do where the server cannot
 * be worked with; undefined where the answer is not an API server's.
 */
export function healthIn(body: unknown, origin: string): SkyHealth | undefined {
  const health = fields(body)
  const { status, message } = health
  const server = `the SkyPilot API server ${origin}`
  if (typeof status !== 'string') return undefined
  if (status === 'needs_auth') {
    throw new SkyApiError(`${server} wants a login; ${WANTS_LOGIN}`, { passes: false })
  }
  const apiVersion = numberOf(health.api_version)
  const version = text(health.version)
  if (status === 'version_mismatch' || (apiVersion !== undefined && apiVersion < OLDEST_API)) {
    const found = `${version ?? 'unknown'} (API ${apiVersion ?? 'unknown'})`
    throw new SkyApiError(
      `${server} has a version that does not work with this server: ${found}, and API ${OLDEST_API} or newer is needed${message ? `; ${message}` : ''}`,
      { passes: false },
    )
  }
  if (status !== 'healthy') {
    const words = `cannot be reached: it says that it is ${status.slice(0, 100)}`
    throw new SkyApiError(`${server} ${words}`, { passes: true })
  }
  return { apiVersion, version, user: nameOf(health.user), open: isOpen(health) }
}

function isOpen({
  basic_auth_enabled,
  service_account_token_enabled,
  user,
}: Readonly<Record<string, unknown>>): boolean {
  const guarded = [basic_auth_enabled, service_account_token_enabled].some((on) => on !== false)
  // A proxy that checks logins names the user.
  return !guarded && !isPerson(user)
}

function nameOf(user: unknown): string | undefined {
  return (text(user) ?? text(fields(user).name)) || undefined
}

function isPerson(user: unknown): boolean {
  return typeof user === 'string' ? user !== '' : Object.keys(fields(user)).length > 0
}
