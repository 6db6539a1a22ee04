import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyBaseLogger, type FastifyHttpOptions, LogController } from 'fastify'
import type { HttpError } from '../errors.js'
import type { Authenticate } from './auth.js'
import { HEAD_TIMEOUT } from './connections.js'
import { isOpen, pathOf } from './paths.js'
import { parserRefusal, rawRefusal } from './raw-refusals.js'
import { errorBody, refusalOf } from './refusals.js'

export interface FrameworkOptions {
  authenticate: Authenticate
  /** Throws for a request that is wrong whatever it asks for. */
  checkHead: (request: IncomingMessage) => void
  logger: FastifyBaseLogger
  /** Called with the status of each refusal. */
  onRefusal: (status: number) => void
  /** Called with each refusal of a path that could not be read. */
  onUnreadable: (request: IncomingMessage, refusal: HttpError) => void
}

/** The parser accepts no larger head, so no id is longer. */
const MAX_HEAD = 16 * 1024

const noSchemas = () => () => {
  throw new Error('a route has a schema for Fastify')
}

/** How Fastify, Node's server and its parser behave. */
export function frameworkOptions({
  logger,
  checkHead,
  authenticate,
  onRefusal,
  onUnreadable,
}: FrameworkOptions): FastifyHttpOptions<Server> {
  return {
    // Of its own, so that `listen` can change its level.
    loggerInstance: logger.child({}),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // A logger for each request would be made for the few that have something to tell.
    childLoggerFactory: (parent) => parent,
    routerOptions: { maxParamLength: MAX_HEAD },
    // No route has a schema for the framework: `operation.ts` reads what comes, and the answers are
    // typed. Its own compilers would take 20 ms of the start.
    schemaController: {
      compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
    },
    http: {
      headersTimeout: HEAD_TIMEOUT,
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
      // Node would refuse with an empty body; see `request-head`.
      requireHostHeader: false,
    },
    // Streams are ended in order before the server closes; see main.ts.
    forceCloseConnections: 'idle',
    // They are on connections that are there, and what they ask for is.
    return503OnClosing: false,
    frameworkErrors(error, request, reply) {
      const refusal = refusalBefore(request.raw) ?? refusalOf(error)
      onRefusal(refusal.status)
      onUnreadable(request.raw, refusal)
      reply.raw.writeHead(refusal.status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        ...refusal.headers,
      })
      reply.raw.end(JSON.stringify(errorBody(refusal.message)))
    },
    clientErrorHandler(error, socket) {
      if (socket.writable && !(socket as Socket).destroyed) {
        const [status, message] = parserRefusal(error)
        onRefusal(status)
        socket.end(rawRefusal(status, message))
      }
      socket.destroySoon()
    },
  }

  /** The framework refuses a malformed path before any hook, and these refusals come first. */
  function refusalBefore(request: IncomingMessage): HttpError | undefined {
    try {
      checkHead(request)
      if (!isOpen(pathOf(request))) authenticate(request)
      return undefined
    } catch (error) {
      return error as HttpError
    }
  }
}
