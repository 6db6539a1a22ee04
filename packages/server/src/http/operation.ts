import { NODE_ID, type Operation } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { HttpError, nodeNotFound } from '../errors.js'

type QueryOf<O extends Operation> = O extends { query: infer Q extends z.ZodType }
  ? z.output<Q>
  : undefined

/** What a handler is given: everything it could refuse for its form has been refused. */
export interface Call<Query> {
  /** The node's id, well-formed; empty where the operation's path has none. */
  readonly id: string
  readonly query: Query
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Puts an operation under its method and path. What comes before its parameters, `before` checks. */
export function mount<O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handler: (call: Call<QueryOf<O>>) => unknown,
  before?: (request: FastifyRequest) => void,
): void {
  const { method, path, query } = operation
  app.route({
    method,
    url: path.replace('{id}', ':id'),
    // Those that stream, and those with a HEAD of their own, would hang or clash.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      before?.(request)
      const parsed = query ? parseQuery(query, request.query) : undefined
      const { id = '' } = request.params as { id?: string }
      if (path.includes('{id}') && !NODE_ID.test(id)) throw nodeNotFound()
      return handler({ id, query: parsed as QueryOf<O>, request, reply })
    },
  })
}

function parseQuery(schema: z.ZodObject, raw: unknown): unknown {
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(raw as Record<string, string | string[]>)) {
    if (!Object.hasOwn(schema.shape, name)) continue
    known[name] = single(name, value)
  }
  const result = schema.safeParse(known)
  if (result.success) return result.data
  throw new HttpError(400, result.error.issues[0]?.message ?? 'bad request')
}

/** A parameter that was given twice is fine as long as it says the same. */
function single(name: string, value: string | string[]): string {
  if (!Array.isArray(value)) return value
  const [first = '', ...others] = value
  if (others.some((other) => other !== first)) {
    throw new HttpError(400, `'${name}' is given more than once with different values`)
  }
  return first
}

/** Reads a JSON body by its schema. Throws 400 that names all that is wrong. */
export function parseBody<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new HttpError(400, faultsOf(result.error))
}

/** What is wrong, field by field, as one sentence. */
export function faultsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message, code }) => {
      const missing = code === 'invalid_type' && /received undefined$/.test(message)
      const words = missing ? 'is required' : message
      return path.length > 0 ? `'${path.join('.')}' ${words}` : words
    })
    .join('; ')
}
