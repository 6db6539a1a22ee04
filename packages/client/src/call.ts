import { ConnectionError, refusalOf } from './errors.js'
import type {
  AcceptedBy,
  AnswerHeader,
  AnswerOf,
  GivenBody,
  GivenQuery,
  NamesOne,
  ProducedBy,
  RequestHeader,
} from './protocol/operation.js'
import type { Operations } from './protocol/operations.js'
import { type OperationName, ROUTES } from './protocol/routes.js'
import { type Body, type Connection, request } from './request.js'

export type QueryOf<Name extends OperationName> = GivenQuery<Operations[Name]>
export type Answer<Name extends OperationName> = AnswerOf<Operations[Name]>

/** What an operation is called with, as its definition has it. */
export type Call<Name extends OperationName> = {
  query?: QueryOf<Name>
  headers?: HeadersOf<Operations[Name]>
  accept?: ProducedBy<Operations[Name]>
  signal?: AbortSignal | undefined
} & (NamesOne<Operations[Name]> extends true ? { id: string } : unknown) &
  Sent<Operations[Name]>

type HeadersOf<O extends Operations[OperationName]> = [RequestHeader<O>] extends [never]
  ? never
  : { [Header in RequestHeader<O>]?: string | undefined }

/** JSON, or what else the operation reads. */
type Sent<O extends Operations[OperationName]> = [GivenBody<O>] extends [never]
  ? unknown
  : { body: GivenBody<O> } | ([AcceptedBy<O>] extends [never] ? never : Upload<AcceptedBy<O>>)

interface Upload<Type> {
  upload: { type: Type; data: Body }
}

export interface Reply<Name extends OperationName> {
  readonly response: Response
  /** A header of the answer; undefined where it has none. */
  header(name: AnswerHeader<Operations[Name]>): string | undefined
  /** The JSON of the answer. Throws ConnectionError where it is something else. */
  json(): Promise<Answer<Name>>
}

/** Calls an operation. Throws ApiError for a refusal, and ConnectionError where nobody answers. */
export async function call<Name extends OperationName>(
  connection: Connection,
  name: Name,
  options: Call<Name>,
): Promise<Reply<Name>> {
  const response = await open(connection, name, options)
  if (!response.ok) throw await refusalOf(response)
  return {
    response,
    header: (header) => response.headers.get(header) ?? undefined,
    async json() {
      try {
        return (await response.json()) as Answer<Name>
      } catch (cause) {
        options.signal?.throwIfAborted()
        const { baseUrl } = connection
        throw new ConnectionError(`${baseUrl} answered with something other than JSON`, { cause })
      }
    },
  }
}

/** Returns a function that calls operations with JSON answers. */
export function jsonOf(connection: Connection) {
  return async <Name extends OperationName>(
    name: Name,
    options: Call<Name>,
  ): Promise<Answer<Name>> => (await call(connection, name, options)).json()
}

/** The same, except that a refusal is an answer too. */
export function open<Name extends OperationName>(
  connection: Connection,
  name: Name,
  options: Call<Name>,
): Promise<Response> {
  const { id = '', query = {}, headers, accept, body, upload, signal } = options as AnyCall
  const { method, path } = ROUTES[name]
  const type = upload?.type ?? (body === undefined ? undefined : 'application/json')
  const address = path.replace('{id}', () => encodeURIComponent(id)) + textOf(query)
  return request(connection, address, {
    method,
    headers: { Accept: accept, 'Content-Type': type, ...headers },
    body: upload?.data ?? (body === undefined ? undefined : JSON.stringify(body)),
    signal,
  })
}

/** What any `Call` may have. */
interface AnyCall extends Partial<Upload<string>> {
  id?: string
  query?: object
  headers?: Record<string, string | undefined>
  accept?: string
  body?: unknown
  signal?: AbortSignal | undefined
}

/** The query as text. A list is written with commas. */
function textOf(query: object): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
