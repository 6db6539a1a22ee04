import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import accepts from '@fastify/accepts'
import compress from '@fastify/compress'
import { operations } from '@launchtail/client/protocol'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { isLoopback } from '../config.js'
import { HttpError } from '../errors.js'
import { closeVanished } from '../stream/vanished.js'
import type { Authenticate } from './auth.js'
import { errorBody, parserRefusal, rawRefusal, refusalOf, shapeErrors } from './refusals.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: a short name of the token; empty where none is needed. */
    caller: string
  }
}

export interface AppOptions {
  authenticate: Authenticate
  host: string
  /** Names the server is reached by, beside its own. */
  allowedHosts: readonly string[]
  logger: FastifyBaseLogger
  /** Whether the server is on its way out: then no connection is kept. */
  isClosing: () => boolean
}

/** A connection must bring a whole request head within this, in milliseconds. */
const HEAD_TIMEOUT = 15_000
/** What is left of a refused request's body is read and dropped for this long, then cut. */
const LINGER = 5_000
const MAX_URL = 8 * 1024
/** The parser takes no more than this of a request's head, so no id is longer. */
const MAX_HEAD = 16 * 1024
const MAX_HEADERS = 100

/**
 * The HTTP server without its routes: what every request goes through. All refusals have the one
 * shape, also those of the parser; everything but what `isOpen` names needs the token.
 */
export async function createApp({
  authenticate,
  host,
  allowedHosts,
  logger,
  isClosing,
}: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: MAX_HEAD },
    http: {
      headersTimeout: HEAD_TIMEOUT,
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
      // Node would refuse with an empty body; see `malformed`.
      requireHostHeader: false,
    },
    // Streams are ended in order before the server closes; see main.ts.
    forceCloseConnections: 'idle',
    frameworkErrors(error, request, reply) {
      const refusal = refusing(request.raw) ?? refusalOf(error)
      const { raw } = reply
      raw.writeHead(refusal.status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        ...refusal.headers,
      })
      raw.end(JSON.stringify(errorBody(refusal.message)))
    },
    clientErrorHandler(error, socket) {
      if (socket.writable && !(socket as Socket).destroyed) {
        socket.end(rawRefusal(...parserRefusal(error)))
      }
      socket.destroySoon()
    },
  })
  /** Connections that close with their first answer: what follows on them is not to be believed. */
  const inDoubt = new WeakSet<Socket>()
  guardConnections(app)
  closeVanished(app.server)
  app.decorateRequest('caller', '')
  await app.register(accepts)
  await app.register(compress, {
    global: true,
    // A packed body is refused; it must not be unpacked before that.
    globalDecompression: false,
    threshold: 1024,
    encodings: ['br', 'gzip'],
    // Beside those that are known to be worth it.
    customTypes: /^application\/x-ndjson/,
  })
  // Bodies are read by those who know how much of them to take, and how fast.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  shapeErrors(app)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('Cache-Control', 'no-store')
    if (isClosing()) reply.header('Connection', 'close')
    const refusal = malformed(request.raw)
    if (refusal?.headers.Connection) inDoubt.add(request.raw.socket)
    if (refusal) throw refusal
    // By the route, and by the path for what is not there, so that 404 tells nothing.
    const { url = '' } = request.routeOptions
    if (!isOpen(url) || !isOpen(pathOf(request.raw))) request.caller = authenticate(request.raw)
  })
  app.addHook('onResponse', async ({ raw }) => lingerBriefly(raw))

  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(app, pathOf(request.raw))
    if (allowed.length === 0) throw new HttpError(404, 'not found')
    reply.header('Allow', allowed.join(', '))
    throw new HttpError(405, `${request.method} is not allowed here`)
  })
  return app

  /** What is wrong with a request whatever it asks for. */
  function malformed(request: IncomingMessage): HttpError | undefined {
    const { url = '', headers, rawHeaders, httpVersion, socket } = request
    const closing = { headers: { Connection: 'close' } }
    if (inDoubt.has(socket)) return new HttpError(400, 'bad request', closing)
    if (!url.startsWith('/') && url !== '*') return new HttpError(400, 'bad request', closing)
    if (headers.host === undefined && httpVersion !== '1.0') {
      return new HttpError(400, "'Host' is missing", closing)
    }
    const coding = headers['transfer-encoding']
    if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
      return new HttpError(400, 'transfer encoding is not supported', closing)
    }
    if (rawHeaders.length / 2 > MAX_HEADERS) {
      return new HttpError(431, 'request has too many headers', closing)
    }
    // A node's id may be as long as it likes: there is just no such node.
    const free = url.startsWith('/admin/nodes/') ? pathOf(request).length : 0
    if (url.length - free > MAX_URL) {
      return new HttpError(414, 'request address is too long', closing)
    }
    if (isLoopback(host) && !isOurs(headers.host)) {
      return new HttpError(400, "'Host' names another server; see LAUNCHTAIL_ALLOWED_HOSTS")
    }
    return undefined
  }

  /** Against DNS rebinding: a page of another name must not reach a server on this machine. */
  function isOurs(header = ''): boolean {
    const name = header.replace(/:\d+$/, '').toLowerCase()
    // HTTP/1.0 may leave it out, and a browser never does.
    return name === '' || isLoopback(name) || name === host || allowedHosts.includes(name)
  }

  function refusing(request: IncomingMessage): HttpError | undefined {
    try {
      if (!isOpen(pathOf(request))) authenticate(request)
      return undefined
    } catch (error) {
      return error as HttpError
    }
  }
}

/** What may be asked for without the token: nothing of it tells of nodes. */
function isOpen(path: string): boolean {
  return !/^\/+admin(\/|$)/i.test(decoded(path))
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // Not decodable, so no route has it either; as it stands it tells enough.
    return path.replaceAll('%61', 'a')
  }
}

/** The methods that a path has routes for. */
function methodsOf(app: FastifyInstance, path: string): string[] {
  const known = Object.values(operations)
    .filter((operation) => patternOf(operation.path).test(path))
    .map((operation): string => operation.method)
  const methods = new Set(known)
  for (const method of ['GET', 'HEAD']) if (app.hasRoute({ method, url: path })) methods.add(method)
  if (path.endsWith('/logs/stream') && methods.has('GET')) methods.add('HEAD')
  return [...methods]
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace('{id}', '[^/]+')}$`)
}

/** Ends connections that never say what they want. */
function guardConnections(app: FastifyInstance): void {
  const silent = new WeakMap<Socket, NodeJS.Timeout>()
  app.server.on('connection', (socket) => {
    const timer = setTimeout(() => {
      socket.end(rawRefusal(408, 'request took too long'))
      socket.destroySoon()
    }, HEAD_TIMEOUT)
    silent.set(socket, timer)
    socket.once('close', () => clearTimeout(timer))
  })
  app.server.on('request', ({ socket }) => clearTimeout(silent.get(socket)))
  app.server.on('checkExpectation', ({ socket }: IncomingMessage) => {
    socket.end(rawRefusal(417, "only '100-continue' can be expected"))
  })
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    const allowed = 'Allow: GET, HEAD, POST, DELETE\r\n'
    socket.end(rawRefusal(405, 'CONNECT is not allowed here', allowed))
  })
}

function lingerBriefly(request: IncomingMessage): void {
  if (request.complete) return
  const timer = setTimeout(() => request.destroy(), LINGER)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}
