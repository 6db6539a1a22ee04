import type { z } from 'zod'
import type { Reach, Scope } from './rights.js'

/** One operation of the API: what it is called with and what it answers. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'
  /** With `{id}` in place of the id of a node, a group, a webhook, a delivery or a token. */
  readonly path: string
  readonly summary: string
  /** The right that a token needs for it. */
  readonly scope: Scope
  /** How a token that is limited to some nodes may use it; left out where it may not. */
  readonly reach?: Reach
  readonly query?: z.ZodObject
  /** Its parameter `q` is in the query language. */
  readonly finds?: true
  /** The JSON body's schema. */
  readonly body?: z.ZodType
  /** Content types that are read besides JSON. */
  readonly accepts?: readonly string[]
  /** Request headers that have a meaning here, with a sentence on each. */
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly answer?: z.ZodType
  /** The content types of the answer, where it is not JSON alone. */
  readonly produces?: readonly string[]
  readonly answerHeaders?: Readonly<Record<string, string>>
  /** The statuses of the refusals that are particular to it. */
  readonly refusals?: readonly number[]
}

/** True if the operation's path has an id. */
export type NamesOne<O extends Operation> = O['path'] extends `${string}{id}${string}`
  ? true
  : false

/** The query as a client gives it, and as the server has parsed it. */
export type GivenQuery<O extends Operation> = O extends { query: infer Q extends z.ZodType }
  ? z.input<Q>
  : never
export type ParsedQuery<O extends Operation> = O extends { query: infer Q extends z.ZodType }
  ? z.output<Q>
  : undefined

/** The JSON body as a client gives it, and as the server has parsed it. */
export type GivenBody<O extends Operation> = O extends { body: infer B extends z.ZodType }
  ? Unchanged<z.input<B>>
  : never
export type ParsedBody<O extends Operation> = O extends { body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined

/** The JSON of the answer; undefined for an answer without a body. */
export type AnswerOf<O extends Operation> = O extends { answer: infer A extends z.ZodType }
  ? z.output<A>
  : undefined

/** The content types of a body that are read besides JSON. */
export type AcceptedBy<O extends Operation> = O extends { accepts: readonly (infer T)[] }
  ? T
  : never
export type ProducedBy<O extends Operation> = O extends { produces: readonly (infer T)[] }
  ? T
  : never

/** The names of the headers that an operation reads, and of those it answers with. */
export type RequestHeader<O extends Operation> = O extends { headers: infer H }
  ? keyof H & string
  : never
export type AnswerHeader<O extends Operation> = O extends { answerHeaders: infer H }
  ? keyof H & string
  : never

/** A caller's list is only read. */
type Unchanged<T> = T extends readonly (infer Item)[] ? readonly Item[] : T
