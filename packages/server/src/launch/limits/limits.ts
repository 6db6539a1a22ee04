import { formatDuration, type LaunchRequest, parseDuration } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'

/**
 * How long things may take, in milliseconds, and what they may cost. What is missing has no limit, and keeps
 * nothing.
 */
export interface Limits {
  /** Until the node is active, through all attempts. */
  readonly launchTimeout?: number
  /** How long the node may be active. */
  readonly maxLifetime?: number
  /** How long the node may serve nobody. */
  readonly idleTimeout?: number
  /** For how long a failed node stays up. */
  readonly keepOnFailure?: number
  /** US dollars that the launch may cost. */
  readonly budget?: number
}

/** A server's limits: what holds where a request says nothing, and what no request gets past. */
export interface LimitSettings {
  readonly usual: Omit<Limits, 'budget'>
  readonly most: Omit<Limits, 'budget'>
}

export const NO_LIMITS: LimitSettings = { usual: {}, most: {} }

/** The limits of a launch. Throws 400 for one that is beyond what the server allows. */
export function limitsOf(request: LaunchRequest, settings: LimitSettings): Limits {
  const { limits, faults } = readLimits(request, settings)
  if (faults.length > 0) throw new HttpError(400, faults.join('; '))
  return limits
}

/** The limits of a launch, and what is wrong with those that its request asks for. */
export function readLimits(
  request: LaunchRequest,
  { usual, most }: LimitSettings,
): { limits: Limits; faults: readonly string[] } {
  const faults: string[] = []
  const { readiness = {} } = request
  const given = (field: string, text: string | undefined, bound: number | undefined) => {
    const ms = text === undefined ? undefined : parseDuration(text)
    if (ms !== undefined && bound !== undefined && ms > bound) {
      faults.push(`"${field}" must be at most ${formatDuration(bound)} on this server`)
    }
    return ms
  }
  const { launchTimeout: longest } = most
  given('readiness.timeout', readiness.timeout, longest)
  const launchTimeout = given('launch_timeout', request.launch_timeout, longest)
  const maxLifetime =
    given('max_lifetime', request.max_lifetime, most.maxLifetime) ??
    least(usual.maxLifetime, most.maxLifetime)
  const idleTimeout =
    given('idle_timeout', request.idle_timeout, most.idleTimeout) ??
    least(usual.idleTimeout, most.idleTimeout)
  const kept = given('keep_on_failure', request.keep_on_failure, most.keepOnFailure)
  const whyNone = keepsNothing(request)
  if (kept !== undefined && whyNone !== undefined) faults.push(whyNone)
  const keepOnFailure = whyNone === undefined ? (kept ?? usual.keepOnFailure) : undefined
  const { budget } = request
  const limits = compact({ launchTimeout, maxLifetime, idleTimeout, keepOnFailure, budget })
  return { limits, faults }
}

/** Why nothing of the launch could be kept, if that is so. */
function keepsNothing({ provider, mode }: LaunchRequest): string | undefined {
  if (provider === 'local') {
    return '"keep_on_failure" has no meaning with provider "local": its processes end when it fails'
  }
  if (mode !== 'job' && mode !== 'serve') return undefined
  return `"keep_on_failure" has no meaning with "mode": "${mode}": SkyPilot takes its cluster down`
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function compact(limits: { [Name in keyof Limits]: number | undefined }): Limits {
  return Object.fromEntries(
    Object.entries(limits).filter(([, limit]) => limit !== undefined && limit > 0),
  )
}
