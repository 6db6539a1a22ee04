import { errorSchema, type Operation, type Reach } from '@launchtail/client/protocol'
import type { z } from 'zod'
import { parameterSchema, refTo } from './schemas.js'

const TEXT = { schema: { type: 'string' } }

/** One operation as OpenAPI describes it. */
export function describeOperation(name: string, operation: Operation) {
  const { summary, scope, reach, body, accepts = [], refusals = [], status } = operation
  const content = body && { ...json(body), ...asText(accepts) }
  const statuses = [...new Set([...refusals, 400, 401, 403, 503])].sort((a, b) => a - b)
  return {
    operationId: name,
    summary,
    description: rightsOf(operation),
    security: [{ adminToken: [scope] }],
    ...(reach && { 'x-launchtail-reach': reach }),
    parameters: parametersOf(operation),
    ...(content && { requestBody: { required: true, content } }),
    responses: {
      [status]: success(operation),
      ...Object.fromEntries(statuses.map((refusal) => [refusal, refused(refusal)])),
    },
  }
}

/** What a token needs for it. */
function rightsOf({ scope, reach }: Operation): string {
  const limited = reach === undefined ? 'A token that is limited to nodes may not.' : REACHES[reach]
  return [`Needs the right \`${scope}\`.`, ...(scope === 'admin' ? [] : [limited])].join(' ')
}

const REACHES: Record<Reach, string> = {
  launch:
    'A token that is limited to nodes must name one of them as `node_id`. One that is limited to launches makes such ones.',
  path: 'A token that is limited to nodes may do it with these.',
  body: 'A token that is limited to nodes must name one of them as `node_id`.',
  both: 'A token that is limited to nodes may do it with these, and must name one as `node_id`.',
  query: 'A token that is limited to nodes must name some of them with `node`.',
  shown: 'A token that is limited to nodes is shown these.',
  any: 'A token that is limited to nodes may do it, too.',
}

function parametersOf({ path, query, headers = {} }: Operation): object[] {
  const id = { name: 'id', in: 'path', required: true, ...TEXT, description: idOf(path) }
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, type]) => {
    const { description, ...schema } = parameterSchema(type)
    return { name, in: 'query', ...(description !== undefined && { description }), schema }
  })
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    ...TEXT,
  }))
  return [...(path.includes('{id}') ? [id] : []), ...inQuery, ...inHeader]
}

function idOf(path: string): string {
  if (path.startsWith('/admin/nodes/')) return 'The node’s id.'
  if (path.startsWith('/admin/groups/')) return 'The group’s id.'
  if (path.startsWith('/admin/tokens/')) return 'The token’s id.'
  return path.includes('/deliveries/{id}') ? 'The delivery’s id.' : 'The webhook’s id.'
}

function success({ answer, produces, answerHeaders, status }: Operation): object {
  const content = produces ? asText(produces) : answer && json(answer)
  const headers = Object.entries(answerHeaders ?? {}).map(([name, description]) => [
    name,
    { description, ...TEXT },
  ])
  return {
    description: SUCCESSES[status],
    ...(content && { content }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  }
}

function refused(status: number): object {
  const description = REFUSALS[status]
  return status < 400 ? { description } : { description, content: json(errorSchema) }
}

function json(schema: z.ZodType) {
  return { 'application/json': { schema: refTo(schema) } }
}

function asText(types: readonly string[]) {
  return Object.fromEntries(types.map((type) => [type, TEXT]))
}

const SUCCESSES: Record<number, string> = {
  200: 'The result.',
  201: 'Created.',
  202: 'Accepted: what was sent is stored.',
  204: 'Deleted.',
}

const REFUSALS: Record<number, string> = {
  204: 'The stream has been read to its end, and nothing will follow.',
  400: 'The request is malformed. The message says where.',
  401: 'The token is missing or wrong.',
  402: 'The launch would break the budget.',
  403: 'The token has not the right for this, or the origin is none of those that may read.',
  404: 'There is nothing of that id, or it has not what was asked for.',
  406: 'None of the accepted types can be sent.',
  409: 'The request conflicts with something that exists or is in progress.',
  410: 'The cursor names an entry that is no longer in the log.',
  412: 'What the client has is not the beginning of the export any more.',
  413: 'The request, or an entry in it, is too large.',
  415: 'The content type or encoding is not supported.',
  429: 'As many of these are under way as there may be. Try again after `Retry-After` seconds.',
  422: 'The Idempotency-Key was used with another request.',
  503: 'The storage cannot be reached. Try again after `Retry-After` seconds.',
  507: 'The storage is full. Nothing of the request was stored.',
}
