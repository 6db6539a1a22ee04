import type { LaunchRequest, Place } from '@launchtail/client/protocol'

/** An attempt of a launch, as it is stored. The first one is only once its wait for a machine is over. */
export interface Attempt {
  readonly number: number
  /** When it begins, which may be after a pause; in milliseconds since 1970. */
  readonly at: number
  /** Why the one before failed. */
  readonly code: string
  readonly message: string
  /** What its wait for a machine has come to. Whoever takes the launch up does not wait again. */
  readonly waited?: Waited
}

export type Waited = 'machine' | 'in vain'

/** True if something was launched before it, of which nothing must be left. */
export function isFurther(attempt: Attempt | undefined): attempt is Attempt {
  return attempt !== undefined && attempt.number > 1
}

export function readAttempt(column: string | null): Attempt | undefined {
  return column === null ? undefined : (JSON.parse(column) as Attempt)
}

/** The place of an attempt; undefined where the request itself says where. */
export function placeOf({ places }: LaunchRequest, number: number): Place | undefined {
  return places?.[(number - 1) % places.length]
}

/** How many attempts the request asks for; infinitely many where only its time limits them. */
export function attemptsOf({ attempts, places, retry_until_up }: LaunchRequest): number {
  if (retry_until_up) return Number.POSITIVE_INFINITY
  return attempts ?? places?.length ?? 1
}

export interface ElapsedOptions {
  /** Milliseconds that the attempts before took. */
  elapsed?: number
  /** Milliseconds that all attempts together may take. */
  launchTimeout?: number | undefined
}

/** The request as one of its attempts carries it out: at its place, in the time that is left. */
export function requestOf(
  request: LaunchRequest,
  number: number,
  { elapsed = 0, launchTimeout }: ElapsedOptions = {},
): LaunchRequest {
  const place = placeOf(request, number)
  const left = launchTimeout === undefined ? undefined : Math.max(1, launchTimeout - elapsed)
  return {
    ...(place ? atPlace(request, place) : request),
    ...(left !== undefined && { launch_timeout: `${left}ms` }),
  }
}

function atPlace({ gpu_count, ...request }: LaunchRequest, place: Place): LaunchRequest {
  const [provider = '', ...rest] = place.infra.split('/')
  const region = [...rest, ...(place.region === undefined ? [] : [place.region])].join('/')
  // Another kind of GPU has a number of its own.
  const count = place.gpu_count ?? (place.gpu === undefined ? gpu_count : undefined)
  return {
    ...request,
    ...{ provider, region: region === '' ? 'any' : region, gpu: place.gpu ?? request.gpu },
    ...(count !== undefined && { gpu_count: count }),
    ...(place.spot !== undefined && { use_spot: place.spot }),
  }
}

/** A place in words, as in a node's attempts. */
export function nameOf({ provider, region }: LaunchRequest): string {
  return [provider, region].filter((part) => part !== '').join('/') || 'any'
}

/** The request at each of its places. */
export function placedRequests(request: LaunchRequest): [LaunchRequest, ...LaunchRequest[]] {
  const others = (request.places ?? []).slice(1).map((_, i) => requestOf(request, i + 2))
  return [requestOf(request, 1), ...others]
}
