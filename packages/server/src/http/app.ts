import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { constants } from 'node:zlib'
import accepts from '@fastify/accepts'
import compress from '@fastify/compress'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Repeats } from '../async/repeats.js'
import { HttpError } from '../errors.js'
import type { Principal } from '../rights/principal.js'
import { closeVanished } from '../stream/vanished.js'
import type { Authenticator } from './auth.js'
import { authorize } from './authorize.js'
import { guardConnections, lingerBriefly } from './connections.js'
import type { Cors } from './cors.js'
import { type FrameworkOptions, frameworkOptions } from './framework.js'
import { isOpen, methodsOf, pathOf } from './paths.js'
import { shapeErrors } from './refusals.js'
import { createHeadCheck, type HeadCheck, type RequestHeadOptions } from './request-head.js'
import { type CheckConnection, keepSpareConnections } from './spare-connections.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever makes the request; undefined where no token is needed. */
    principal: Principal | undefined
  }
}

/**
 * Serves a request past the framework, which costs more than most of what is served. Returns false
 * to leave it to the framework, without any effect. `admitted` makes all of the framework's checks, and
 * returns nobody where one of them fails.
 */
export type Shortcut = (
  request: IncomingMessage,
  response: ServerResponse,
  admitted: () => Principal | undefined,
) => boolean

export interface AppOptions extends Omit<FrameworkOptions, 'checkHead'>, RequestHeadOptions {
  principalOf: Authenticator['principalOf']
  /** Called with each request that a token was accepted for. Throws 429 if that has made too many. */
  onAdmitted: (principal: Principal, response: ServerResponse) => void
  shortcut?: Shortcut
  /** True while the server is stopping; then no connection is kept. */
  isClosing: () => boolean
  maxConnections: number
  cors: Cors
  repeats: Repeats
  /** Called for each connection that is closed because its peer has vanished. */
  onVanished: () => void
}

/**
 * With its usual window of 4 MiB, each answer under way takes 8 MiB of memory. With 256 KiB it takes 1 MiB,
 * and a log of 5,000 entries becomes 3 % larger.
 */
const BROTLI = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
}

/**
 * The HTTP server without its routes: what every request goes through. All refusals have the same
 * shape, also those of the parser. Everything needs the token, except what `isOpen` names.
 */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const head = createHeadCheck(options)
  const app = fastify(frameworkOptions({ ...options, checkHead: head.check }))
  guardConnections(app.server)
  const checkConnection = keepSpareConnections(app.server, options.maxConnections)
  closeVanished(app.server, options.onVanished)
  await app.register(accepts)
  await app.register(compress, {
    global: true,
    // A compressed body is refused, so it must not be decompressed first.
    globalDecompression: false,
    threshold: 1024,
    encodings: ['br', 'gzip'],
    brotliOptions: BROTLI,
    // In addition to the types that are compressed by default.
    customTypes: /^application\/x-ndjson/,
  })
  // The handlers read bodies themselves, each with its own limits.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  shapeErrors(app, options)
  const checks = { ...options, head, checkConnection }
  checkRequests(app, checks)
  if (options.shortcut) tryFirst(app.server, options.shortcut, checks)
  return app
}

interface Checks
  extends Pick<AppOptions, 'authenticate' | 'principalOf' | 'onAdmitted' | 'isClosing' | 'cors'> {
  head: HeadCheck
  checkConnection: CheckConnection
}

function tryFirst(
  server: Server,
  shortcut: Shortcut,
  { principalOf, isClosing, cors, head, checkConnection }: Checks,
): void {
  const [framework] = server.listeners('request') as [RequestListener]
  server.off('request', framework)
  server.on('request', (request: IncomingMessage, response) => {
    cors.mark(request, response)
    if (!shortcut(request, response, () => admitted(request))) framework(request, response)
  })

  function admitted(request: IncomingMessage): Principal | undefined {
    try {
      if (isClosing() || !head.isSound(request) || checkConnection(request)) return undefined
      return principalOf(request)
    } catch {
      // It is refused by the framework, with the same words and headers as ever.
      return undefined
    }
  }
}

function checkRequests(
  app: FastifyInstance,
  { authenticate, onAdmitted, isClosing, cors, head, checkConnection }: Checks,
): void {
  app.decorateRequest('principal', undefined)
  // Hooks that are not asynchronous, because each promise costs every request some microseconds.
  app.addHook('onRequest', (request, reply, done) => {
    try {
      check(request, reply)
      if (cors.isPreflight(request.raw)) reply.code(204).send()
      else done()
    } catch (error) {
      // Once all that came with it has been parsed: a refusal that closes the connection is the last
      // answer there.
      queueMicrotask(() => done(error as Error))
    }
  })
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    lingerBriefly(raw)
    done()
  })
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(app, pathOf(request.raw))
    if (allowed.length === 0) throw new HttpError(404, 'not found')
    reply.header('Allow', allowed.join(', '))
    throw new HttpError(405, `${request.method} is not allowed here`)
  })

  function check(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('Cache-Control', 'no-store')
    if (isClosing()) reply.header('Connection', 'close')
    cors.mark(request.raw, reply.raw)
    head.check(request.raw)
    if (checkConnection(request.raw)) reply.header('Connection', 'close')
    // By the route, and by the path if it has none, so that a 404 reveals nothing.
    if (cors.isPreflight(request.raw)) return
    const { url = '' } = request.routeOptions
    if (isOpen(url) && isOpen(pathOf(request.raw))) return
    const principal = authenticate(request.raw)
    request.principal = principal
    // Nothing is at a path without a route, and nobody may be told so before.
    if (url !== '') authorize(principal, request)
    onAdmitted(principal, reply.raw)
  }
}
