import {
  errorSchema,
  FLEET_EVENTS,
  type Operation,
  operations,
  STREAM_EVENTS,
} from '@launchtail/client/protocol'
import * as z from 'zod'

const REFUSALS: Record<number, string> = {
  204: 'The stream was read to its end before: there is nothing to come.',
  400: 'The request is malformed; the message says where.',
  401: 'The token is missing or wrong.',
  404: 'There is no such node.',
  406: 'None of the accepted types can be sent.',
  409: 'Something that is under way or exists already is against it.',
  410: 'The cursor names an entry that is not in the log any more.',
  413: 'The request, or an entry in it, is too large.',
  415: 'The content type or encoding is not supported.',
  422: 'The Idempotency-Key was used with another request.',
  503: 'The storage is out of reach; try again after `Retry-After` seconds.',
  507: 'The storage is full; nothing of the request was stored.',
}

/** The API's description, OpenAPI 3.1, made from the operations that validate the requests. */
export function openApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const { method, path } = operation
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(name, operation) }
  }
  const named = [errorSchema, ...Object.values(STREAM_EVENTS), ...Object.values(FLEET_EVENTS)]
  const described = {
    openapi: '3.1.0',
    info: {
      title: 'Launchtail',
      version,
      description: 'Streams the launch log of GPU nodes, takes logs in, and launches nodes.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ adminToken: [] }],
    paths,
  }
  return {
    ...described,
    components: {
      securitySchemes: { adminToken: { type: 'apiKey', in: 'header', name: 'X-Admin-Token' } },
      schemas: takeDefinitions([described, named.map((schema) => schemaOf(schema))]),
    },
  }
}

/**
 * Takes the definitions out of every schema made by itself, and turns the references to them into
 * the document's own. Gives them by their names.
 */
function takeDefinitions(part: unknown, taken: Record<string, unknown> = {}) {
  if (typeof part !== 'object' || part === null) return taken
  const holder = part as Record<string, unknown>
  const { $defs, $ref } = holder
  if (typeof $ref === 'string') {
    holder.$ref = $ref.replace(/^#\/\$defs\//, '#/components/schemas/')
  }
  if ($defs) {
    delete holder.$defs
    Object.assign(taken, $defs)
  }
  for (const value of Object.values(holder)) takeDefinitions(value, taken)
  for (const value of Object.values($defs ?? {})) takeDefinitions(value, taken)
  return taken
}

function describe(name: string, operation: Operation): object {
  const { summary, body, accepts = [], status, refusals = [] } = operation
  const responses: Record<string, unknown> = { [status]: success(operation) }
  const own = refusals.map((refusal) => [refusal, REFUSALS[refusal]] as const)
  const always = [400, 401, 503].map((refusal) => [refusal, REFUSALS[refusal]] as const)
  for (const [refusal, description] of [...own, ...always].sort(([a], [b]) => a - b)) {
    responses[refusal] = refusal < 400 ? { description } : { description, content: errorContent }
  }
  return {
    operationId: name,
    summary,
    parameters: parametersOf(operation),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: schemaOf(body, 'input') },
          ...Object.fromEntries(accepts.map((type) => [type, { schema: { type: 'string' } }])),
        },
      },
    }),
    responses,
  }
}

const errorContent = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

function parametersOf({ path, query, headers = {} }: Operation): object[] {
  const inPath = path.includes('{id}')
    ? [
        {
          name: 'id',
          in: 'path',
          required: true,
          schema: { type: 'string' },
          description: 'The node’s id.',
        },
      ]
    : []
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType, 'input') as {
      description?: string
    }
    return { name, in: 'query', ...(description && { description }), schema: rest }
  })
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))
  return [...inPath, ...inQuery, ...inHeader]
}

function success({ answer, produces, answerHeaders = {}, status }: Operation): object {
  const types = produces ?? (answer ? ['application/json'] : [])
  const streams = types.includes('text/event-stream')
  const content = types.map((type) => [
    type,
    type === 'application/json' && answer && !streams
      ? { schema: schemaOf(answer) }
      : { schema: { type: 'string' } },
  ])
  return {
    description: DESCRIPTIONS[status] ?? 'Done.',
    ...(content.length > 0 && { content: Object.fromEntries(content) }),
    ...(Object.keys(answerHeaders).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(answerHeaders).map(([name, description]) => [
          name,
          { description, schema: { type: 'string' } },
        ]),
      ),
    }),
  }
}

const DESCRIPTIONS: Record<number, string> = {
  200: 'What was asked for.',
  201: 'It was made.',
  202: 'It was taken: what was sent is stored.',
  204: 'It is gone.',
}

/** A parameter is a text that is transformed; what it looks like stands in its `override`. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  const { $schema, ...made } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const meta = z.globalRegistry.get(zodSchema as unknown as z.ZodType)
      const { override } = (meta ?? {}) as { override?: object }
      if (!override) return
      delete (jsonSchema as { override?: object }).override
      Object.assign(jsonSchema, override)
    },
  }) as Record<string, unknown>
  const { id } = made
  if (typeof id !== 'string') return made
  delete made.id
  // One that has a name stands once in the document.
  return { $ref: `#/$defs/${id}`, $defs: { [id]: made, ...(made.$defs as object) } }
}
