import type { FastifyInstance } from 'fastify'
import { HttpError, StorageFull, StorageUnavailable } from '../errors.js'

/** Puts every refusal, wherever it comes from, into the one shape the specification gives. */
export function shapeErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error)
    if (hasLeft(error)) {
      request.log.info({ url: request.url }, 'the caller left before the end of its body')
    } else if (refusal.status >= 500) {
      // What stands behind it is for the log alone; the id leads from the answer to it.
      request.log.error({ err: error, cause: (error as Error).cause, url: request.url }, 'failed')
      reply.header('X-Request-Id', request.id)
    }
    return reply.code(refusal.status).headers(refusal.headers).send(errorBody(refusal.message))
  })
}

/** Node's word for a body whose sender went away, which is no fault of ours. */
function hasLeft(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' && message === 'aborted'
}

export function errorBody(message: string): { error: { message: string } } {
  return { error: { message } }
}

/** What the caller is told of an error: what it can act on, and nothing of the inside. */
export function refusalOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof StorageUnavailable) {
    return new HttpError(503, 'storage unavailable, try again', { headers: { 'Retry-After': '1' } })
  }
  if (error instanceof StorageFull) return new HttpError(507, 'storage full')
  const { statusCode = 500 } = error as { statusCode?: number }
  const words = FRAMEWORK_WORDS[statusCode]
  if (words) return new HttpError(statusCode, words)
  return new HttpError(500, 'internal error')
}

/** What the framework refuses by itself, in our words. */
const FRAMEWORK_WORDS: Record<number, string> = {
  400: 'bad request',
  404: 'not found',
  408: 'request took too long',
  413: 'request is too large',
  414: 'request address is too long',
  415: 'content type is not supported',
  431: 'request headers are too large',
}
