import type { DoneEvent, ErrorEvent, Phase } from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import type { Format } from './formats.js'

/** Tells a reader that the storage is out of reach, and that its stream goes on when it is back. */
export function lostFrame({ event }: Format, phase?: Phase): string {
  const [error, details] = ['Failed to stream logs', 'Redis connection lost']
  return event('error', oneLine({ error, details, phase } satisfies LostEvent))
}

type LostEvent = Omit<ErrorEvent, 'phase'> & { phase: Phase | undefined }

/** Tells a reader that the node was deleted on purpose, and ends its stream. */
export function deletedFrame({ event }: Format, phase: Phase): string {
  return event('error', oneLine(deletedError(phase))) + event('done', oneLine(DELETED))
}

export function deletedError(phase: Phase): ErrorEvent {
  return { error: 'node deleted', details: '', phase }
}

export const DELETED: DoneEvent = { status: 'deleted', message: 'Node deleted' }
