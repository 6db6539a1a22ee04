import type { IncomingMessage } from 'node:http'
import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HttpError } from '../errors.js'
import type { Audit } from '../rights/audit/audit.js'
import { REFUSED } from '../rights/audit/audit-rows.js'
import type { About } from './about.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What it is about, if it changes something. */
    about: About | undefined
    /** Why it was refused. */
    refusal: string | undefined
  }
}

export interface AuditingOptions {
  audit: Pick<Audit, 'record'>
  clientAddress: (request: IncomingMessage) => string
}

/** Names of operations by their method and path, as the framework writes it. */
const NAMES = new Map(
  Object.entries(operations).map(([name, { method, path }]) => [
    `${method} ${path.replace('{id}', ':id')}`,
    name,
  ]),
)
/** They change nothing, although they have a body. */
const READING = new Set(['planLaunch'])
/** Logs that are sent in, and signs of life: there are many, and each is one entry of a log already. */
const OFTEN = new Set(['appendNodeLogs', 'beatNode', 'sendOtlp'])

/** Has the audit log hear of each request that changes something or is refused. */
export function auditRequests(app: FastifyInstance, options: AuditingOptions): void {
  app.decorateRequest('about', undefined)
  app.decorateRequest('refusal', undefined)
  app.addHook('onResponse', (request, reply, done) => {
    record(options, request, reply)
    done()
  })
}

/** Returns a function that has it hear of refusals of paths that no route can have. */
export function auditUnreadable({ audit, clientAddress }: AuditingOptions) {
  return (request: IncomingMessage, { status, message }: HttpError): void => {
    if (!REFUSED.has(status)) return
    const address = clientAddress(request)
    const event = { principal: undefined, address, operation: 'unknown', status, message }
    audit.record({ ...event, isCounted: true })
  }
}

function record(
  { audit, clientAddress }: AuditingOptions,
  request: FastifyRequest,
  { statusCode: status }: FastifyReply,
): void {
  const { principal, about, refusal: message } = request
  const { url = '' } = request.routeOptions
  // Without somebody it is an address that has sent too many wrong tokens.
  const isRefused = status === 429 ? !principal && isOfAdmin(url) : REFUSED.has(status)
  const operation = operationOf(request)
  const isWrite = isChanging(request.method) && principal && !READING.has(operation)
  if (!isRefused && !isWrite) return
  audit.record({
    principal,
    address: clientAddress(request.raw),
    operation,
    nodeId: about?.nodeId ?? nodeIn(request),
    subject: about?.subject,
    status,
    message,
    isCounted: status >= 400 || OFTEN.has(operation),
  })
}

function operationOf({ method, routeOptions: { url = '' } }: FastifyRequest): string {
  if (url.endsWith('/v1/logs')) return 'sendOtlp'
  const get = method === 'HEAD' ? NAMES.get(`GET ${url}`) : undefined
  return NAMES.get(`${method} ${url}`) ?? get ?? (url === '/metrics' ? 'metrics' : 'unknown')
}

function isChanging(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}

function isOfAdmin(url: string): boolean {
  return url === '' || url.startsWith('/admin') || url === '/metrics' || url === '/v1/logs'
}

/** Of a request that was refused by its path. Whoever has no token could name anything. */
function nodeIn({ principal, params, routeOptions: { url = '' } }: FastifyRequest) {
  if (!principal || !url.startsWith('/admin/nodes/:id')) return undefined
  return String((params as { id?: string }).id).slice(0, 128)
}
