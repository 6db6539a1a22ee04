import type { z } from 'zod'
import { HttpError } from '../errors.js'
import { wordsFor } from './words.js'

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

/** Parameters that are lists: a repeated one is the same as its values with commas. */
const LISTS = new Set(['level', 'node'])

/** Any other may be repeated as long as its value stays the same. */
function single(name: string, value: string | string[]): string {
  if (!Array.isArray(value)) return value
  if (LISTS.has(name)) return [...new Set(value)].join(',')
  const [first = '', ...others] = value
  if (others.some((other) => other !== first)) {
    throw new HttpError(400, `'${name}' is given more than once with different values`)
  }
  return first
}

/** Reads a JSON body by its schema. Throws 400 with everything that is wrong. */
export function parseBody<Body extends z.ZodType>(schema: Body, value: unknown): z.output<Body> {
  const result = checked(schema, value)
  if (result.success) return result.data
  throw new HttpError(400, faultsOf(result.error, 'body'))
}

/**
 * Checks a value by its schema, with our words for its faults. A value without faults, as nearly all
 * are, is read without the words: with them zod takes three times as long (2.5 µs an entry, not 0.9).
 */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  const result = schema.safeParse(value)
  return result.success ? result : schema.safeParse(value, { error: wordsFor })
}

/** The faults of all fields, and of the `whole`, in one sentence each. */
export function faultsOf({ issues }: z.ZodError, whole: string): string {
  return issues
    .map(({ path, message }) => `${path.length > 0 ? `'${path.join('.')}'` : whole} ${message}`)
    .join('; ')
}
