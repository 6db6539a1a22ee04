import type { z } from 'zod'
import { HttpError } from '../errors.js'

/** Reads the query by its schema. Parameters that it does not have are ignored. */
export function parseQuery<Query extends z.ZodObject>(
  schema: Query,
  given: unknown,
): z.output<Query> {
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given as Record<string, string | string[]>)) {
    if (Object.hasOwn(schema.shape, name)) known[name] = single(name, value)
  }
  const result = schema.safeParse(known)
  if (result.success) return result.data
  throw new HttpError(400, result.error.issues[0]?.message ?? 'bad request')
}

/** A parameter may be repeated as long as its value stays the same. */
function single(name: string, value: string | string[]): string {
  if (!Array.isArray(value)) return value
  const [first = '', ...others] = value
  if (others.some((other) => other !== first)) {
    throw new HttpError(400, `'${name}' is given more than once with different values`)
  }
  return first
}

/** Reads a JSON body by its schema. Throws 400 with everything that is wrong. */
export function parseBody<Body extends z.ZodType>(schema: Body, value: unknown): z.output<Body> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new HttpError(400, faultsOf(result.error))
}

/** The faults of all fields in one sentence. */
export function faultsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message, code }) => {
      const missing = code === 'invalid_type' && /received undefined$/.test(message)
      const words = missing ? 'is required' : message
      return path.length > 0 ? `'${path.join('.')}' ${words}` : words
    })
    .join('; ')
}
