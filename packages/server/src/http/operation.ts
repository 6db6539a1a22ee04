import type { Readable } from 'node:stream'
import {
  type AcceptedBy,
  type AnswerHeader,
  type AnswerOf,
  NODE_ID,
  type Operation,
  type OperationName,
  type Operations,
  operations,
  type ParsedBody,
  type ParsedQuery,
  type ProducedBy,
  type RequestHeader,
} from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFoundAt } from '../errors.js'
import { readQuery } from '../find/read-query.js'
import { aboutOf, madeBy } from './about.js'
import { authorizeNamed } from './authorize.js'
import { mediaType, readBody } from './body.js'
import { singleHeader } from './headers.js'
import { parseJson } from './json/parse.js'
import { parseBody, parseQuery } from './parse.js'

/** What a handler is called with. Whatever is malformed has been refused before. */
export interface Call<O extends Operation> {
  /** The id in the path, well-formed; empty if the operation's path has none. */
  readonly id: string
  readonly query: ParsedQuery<O>
  /** The query in its `q`, if the operation finds entries and is given one. */
  readonly find: Query | undefined
  /** The JSON body. An operation that reads other types as well reads its body itself. */
  readonly body: JsonBody<O>
  /** The bytes of that JSON body. */
  readonly bytes: Buffer
  /** The content type of the body. */
  readonly type: 'application/json' | AcceptedBy<O>
  header(name: RequestHeader<O>): string | undefined
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type JsonBody<O extends Operation> = [AcceptedBy<O>] extends [never] ? ParsedBody<O> : undefined

/**
 * What a handler returns: the answer, with the answer's headers if the operation has any. Only one
 * that produces something other than JSON writes to the reply itself. It returns nothing where it has
 * taken over the socket: a reply is a thenable, and to return it would be to wait for the stream's end.
 */
export type Result<O extends Operation> = [ProducedBy<O>] extends [never]
  ? [AnswerHeader<O>] extends [never]
    ? Answer<O>
    : { answer: Answer<O>; headers: { [Name in AnswerHeader<O>]?: string | undefined } }
  : FastifyReply | undefined

/** A stream gives the JSON text a piece at a time. */
type Answer<O extends Operation> = AnswerOf<O> | Json<AnswerOf<O>> | Readable

declare const json: unique symbol
/** The JSON text of a value, for an answer that is never built as an object. */
export type Json<Value> = string & { readonly [json]: Value }

type Handler<O extends Operation> = (call: Call<O>) => Promise<Result<O>>

type Handlers = { [Name in OperationName]?: Handler<Operations[Name]> }

/** Serves the operations of these names. */
export function serve(app: FastifyInstance, handlers: Handlers): void {
  for (const [name, handler] of Object.entries(handlers)) {
    mount<Operation>(app, operations[name as OperationName], handler as Handler<Operation>)
  }
}

/** Serves one operation. `before` makes the checks that come before those of the parameters. */
export function mount<O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handler: Handler<O>,
  before?: (request: FastifyRequest) => void,
): void {
  const { method, path, query: querySchema, finds, body: bodySchema, accepts } = operation
  const right = { scope: operation.scope, reach: operation.reach }
  const types = ['application/json', ...(accepts ?? [])]
  app.route({
    method,
    url: path.replace('{id}', ':id'),
    config: { right },
    // An automatic HEAD would hang on a stream, and clash with a HEAD of our own.
    exposeHeadRoute: false,
    // Only what is read is worth it: other answers are short, and looking at them costs something too.
    ...(method !== 'GET' && { compress: false }),
    async handler(request, reply) {
      before?.(request)
      const type = bodySchema && mediaType(request.raw, types)
      const query = querySchema && parseQuery(querySchema, request.query)
      const find = finds && query?.q ? await readQuery(String(query.q)) : undefined
      const { id = '' } = request.params as { id?: string }
      if (path.includes('{id}') && !NODE_ID.test(id)) throw notFoundAt(path)
      const bytes = bodySchema && !accepts ? await readBody(request.raw) : NOTHING
      const body = bodySchema && !accepts && parseBody(bodySchema, parseJson(bytes))
      if (method !== 'GET') request.about = aboutOf(path, id, body)
      if (request.principal?.nodes) await authorizeNamed(request, right, { query, body })
      const header = (name: string) => singleHeader(request.raw, name)
      const call = { id, query, find, body, bytes, type, header, request, reply }
      const result = await handler(call as unknown as Call<O>)
      if (request.about) request.about = madeBy(result, request.about)
      return answer(operation, reply, result)
    },
  })
}

const NOTHING = Buffer.alloc(0)

function answer<O extends Operation>(operation: O, reply: FastifyReply, result: Result<O>) {
  if (operation.produces) return result
  const { answer, headers = {} } = (operation.answerHeaders ? result : { answer: result }) as {
    answer: unknown
    headers?: Record<string, string | undefined>
  }
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) reply.header(name, value)
  }
  if (answer !== undefined) reply.type('application/json; charset=utf-8')
  return reply.code(operation.status).send(answer)
}
