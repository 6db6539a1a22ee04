import { answers, requests } from '@launchtail/client/protocol'
import { z } from 'zod'

type Schema = Record<string, unknown>

/** The schemas that have a name. They refer to each other by it. */
export function componentSchemas(): Record<string, Schema> {
  const sent = z.toJSONSchema(requests, { ...OPTIONS, io: 'input' })
  const answered = z.toJSONSchema(answers, { ...OPTIONS, io: 'output' })
  const named = Object.entries({ ...answered.schemas, ...sent.schemas })
  named.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(named.map(([name, schema]) => [name, bare(schema)]))
}

/** A reference to a schema by its name. */
export function refTo(schema: z.ZodType): Schema {
  const named = requests.get(schema) ?? answers.get(schema)
  if (!named) throw new Error('a body or an answer has a schema without a name')
  return { $ref: addressOf(named.id) }
}

/** The schema of a query parameter, as text. */
export function parameterSchema(schema: z.ZodType): Schema {
  return bare(z.toJSONSchema(schema, { ...OPTIONS, io: 'input' }))
}

function addressOf(name: string): string {
  return `#/components/schemas/${name}`
}

const OPTIONS = { uri: addressOf, unrepresentable: 'any', override: overrideParameter } as const

/** A parameter is a text that is transformed. Its `override` describes the text. */
function overrideParameter({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: Schema }) {
  const { override } = (z.globalRegistry.get(zodSchema as z.ZodType) ?? {}) as { override?: object }
  if (!override) return
  delete jsonSchema.override
  Object.assign(jsonSchema, override)
}

/** Without what makes it a document of its own. */
function bare({ $schema, $id, ...schema }: Schema): Schema {
  return schema
}
