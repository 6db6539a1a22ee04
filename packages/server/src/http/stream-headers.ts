import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'
import type { Format } from '../stream/formats.js'
import { singleHeader } from './headers.js'

/** The headers of a stream in this format. */
export function streamHeaders({ contentType }: Format): Record<string, string> {
  return {
    'Content-Type': contentType,
    // A proxy that stores or compresses the stream would hold it back.
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** The last event id as the reader sent it; empty for none. */
export function lastEventIdOf(
  query: { last_event_id?: string | undefined; lastEventId?: string | undefined },
  { raw }: FastifyRequest,
): string {
  return singleHeader(raw, 'Last-Event-ID') ?? query.last_event_id ?? query.lastEventId ?? ''
}

/** Throws 406 for a request that does not take server-sent events, of a stream that has no other form. */
export function acceptEventStream(request: FastifyRequest): void {
  if (request.accepts().type(['text/event-stream'])) return
  throw new HttpError(406, 'only text/event-stream can be sent')
}
