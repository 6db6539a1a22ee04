import { nearest } from '@launchtail/client/protocol'
import { ZodObject, type z } from 'zod'

/**
 * Says what is wrong with a field, as the rest of a sentence that begins with its name. Returns
 * undefined for a fault that no schema of ours can have.
 */
export function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required'
      return `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'too_small':
      return `must ${bound(issue.origin, 'at least', issue.minimum)}`
    case 'too_big':
      return `must ${bound(issue.origin, 'at most', issue.maximum)}`
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'invalid_key':
      return issue.issues[0]?.message
    case 'unrecognized_keys':
      return `has ${unknownFields(issue.keys, fieldsOf(issue.inst))}`
    default:
      return undefined
  }
}

/** A body may have any number of them. */
const NAMED = 20

function unknownFields(names: readonly string[], known: readonly string[]): string {
  const told = names.slice(0, NAMED).map((name) => {
    const meant = nearest(name, known)
    return `no field '${name.slice(0, 64)}'${meant ? ` (did you mean '${meant}'?)` : ''}`
  })
  const more = names.length - told.length
  return [...told, ...(more > 0 ? [`${more} more unknown fields`] : [])].join(', ')
}

function fieldsOf(schema: unknown): string[] {
  return schema instanceof ZodObject ? Object.keys(schema.shape) : []
}

const TYPES: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a string',
}

function bound(origin: string, words: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${words} ${limit} characters`
  return origin === 'array' ? `have ${words} ${limit} items` : `be ${words} ${limit}`
}
