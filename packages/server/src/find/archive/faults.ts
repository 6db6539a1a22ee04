import { HttpError, StorageFull, StorageUnavailable } from '../../errors.js'
import { storageError } from '../../sqlite.js'

/** The archive does not have any more what a cursor names. */
export class CursorExpired extends Error {}

/** A fault as it is sent from the archive's thread: errors lose their class on the way. */
export interface ThreadFault {
  readonly kind: 'full' | 'unavailable' | 'expired' | 'other'
  readonly message: string
}

export function faultOf(error: unknown): ThreadFault {
  const fault = storageError(error)
  const message = error instanceof Error ? error.message : String(error)
  if (fault instanceof StorageFull) return { kind: 'full', message }
  if (fault instanceof StorageUnavailable) return { kind: 'unavailable', message }
  return { kind: error instanceof CursorExpired ? 'expired' : 'other', message }
}

export function errorOf({ kind, message }: ThreadFault): Error {
  if (kind === 'full') return new StorageFull(new Error(message))
  if (kind === 'unavailable') return new StorageUnavailable(new Error(message))
  if (kind === 'expired') return new HttpError(410, 'cursor expired')
  return new Error(`the archive: ${message}`)
}
