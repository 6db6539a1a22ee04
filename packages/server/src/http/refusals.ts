import type { FastifyInstance } from 'fastify'
import type { Repeats } from '../async/repeats.js'
import { HttpError, StorageFull, StorageUnavailable } from '../errors.js'
import { withoutTicket } from './ticket-auth.js'

export interface RefusalOptions {
  repeats: Repeats
  /** Called with the status of each refusal. */
  onRefusal: (status: number) => void
}

/** Gives every refusal, wherever it comes from, the shape that the specification demands. */
export function shapeErrors(app: FastifyInstance, { repeats, onRefusal }: RefusalOptions): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error)
    onRefusal(refusal.status)
    request.refusal = refusal.message
    if (hasLeft(error)) {
      request.log.info(
        { reqId: request.id, url: withoutTicket(request.url) },
        'the caller left before the end of its body',
      )
    } else if (refusal.status >= 500 && !isRepeat(refusal.status, error)) {
      // The cause goes to the log only. The id connects the answer with it.
      request.log.error(
        {
          reqId: request.id,
          err: error,
          cause: (error as Error).cause,
          url: withoutTicket(request.url),
        },
        'failed',
      )
      reply.header('X-Request-Id', request.id)
    }
    // The answer may have been about to begin as a compressed file.
    for (const name of OF_THE_ANSWER) reply.removeHeader(name)
    return reply.code(refusal.status).headers(refusal.headers).send(errorBody(refusal.message))
  })

  /** While something is away, every request fails. A fault of our own is always logged. */
  function isRepeat(status: number, error: unknown): boolean {
    return status !== 500 && repeats.isRepeat((error as Error).message)
  }
}

const OF_THE_ANSWER = ['Content-Encoding', 'Content-Disposition', 'Content-Type']

/** Node's error for a body whose sender left, which is not a fault of ours. */
function hasLeft(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' && message === 'aborted'
}

export function errorBody(message: string): { error: { message: string } } {
  return { error: { message } }
}

/** The refusal for an error: what the caller can act on, without internals. */
export function refusalOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof StorageUnavailable) {
    return new HttpError(503, 'storage unavailable, try again', { headers: { 'Retry-After': '1' } })
  }
  if (error instanceof StorageFull) return new HttpError(507, 'storage full')
  const { statusCode = 500 } = error as { statusCode?: number }
  const message = FRAMEWORK_REFUSALS[statusCode]
  if (message) return new HttpError(statusCode, message)
  return new HttpError(500, 'internal error')
}

/** Our messages for what the framework refuses by itself. */
const FRAMEWORK_REFUSALS: Record<number, string> = {
  400: 'bad request',
  404: 'not found',
  408: 'request took too long',
  413: 'request is too large',
  414: 'request address is too long',
  415: 'content type is not supported',
  431: 'request headers are too large',
}
