import { StorageFull, StorageUnavailable } from '../../errors.js'

/** The error that the callers know for an error of the driver. */
export function postgresError(error: unknown): unknown {
  const code = sqlState(error)
  if (code === DISK_FULL) return new StorageFull(error)
  if (endsConnection(error) || isRefusal(code)) return new StorageUnavailable(error)
  return error
}

/**
 * True after an error that leaves it unknown whether the connection still works: no answer, no
 * server, or one that has become a standby and takes no writes.
 */
export function endsConnection(error: unknown): boolean {
  const code = sqlState(error)
  if (code === undefined) return isOfNetwork(error)
  return code === READ_ONLY || code === IDLE_IN_TRANSACTION || /^(08|57P)/.test(code)
}

/** True where PostgreSQL did not answer at all. */
export function isSilence(error: unknown): boolean {
  return sqlState(error) === undefined && isOfNetwork(error) && !isBusyPool(error)
}

/** True after an error that another host, or a new connection to the same, may not give. */
export function isOfHost(error: unknown): boolean {
  return endsConnection(error) && !isBusyPool(error) && sqlState(error) !== IDLE_IN_TRANSACTION
}

/** All connections are in use. */
function isBusyPool(error: unknown): boolean {
  return (error as Error).message === 'timeout exceeded when trying to connect'
}

/** SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const DISK_FULL = '53100'
const READ_ONLY = '25006'
const IDLE_IN_TRANSACTION = '25P03'
const REFUSALS = new Set([
  // query_canceled (a time-out), lock_not_available
  '57014',
  '55P03',
  // serialization_failure, deadlock_detected
  '40001',
  '40P01',
])

/** A refusal that is not the caller's fault, and may pass: resources, rights, a lock, the system. */
function isRefusal(code: string | undefined): boolean {
  return code !== undefined && (REFUSALS.has(code) || /^(28|3D|53|57|58|XX)/.test(code))
}

function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** The driver's own errors have no code, or one of the operating system. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && !PROGRAMMING.some((kind) => error instanceof kind)
}

const PROGRAMMING = [TypeError, RangeError, ReferenceError, SyntaxError]
