import { TextDecoder } from 'node:util'
import { MAX_JSON_DEPTH } from '@launchtail/client/protocol'
import secureJson from 'secure-json-parse'
import { HttpError } from '../../errors.js'
import { measure, type Shape } from './scan.js'

/** The time a JSON text takes grows with its values, not with its bytes. */
const MAX_JSON_VALUES = 20_000

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface ParseOptions {
  maxValues?: number
  /** Where the text has been measured. */
  shape?: Shape
}

/**
 * Parses a whole JSON text. Throws 400 if it is not JSON, too deep or ambiguous, and 413 if it has
 * too many values; the message begins with `where`.
 */
export function parseJson(
  bytes: Buffer,
  where = 'body',
  { maxValues = MAX_JSON_VALUES, shape = measure(bytes) }: ParseOptions = {},
): unknown {
  const { depth, names, values } = shape
  if (depth > MAX_JSON_DEPTH) {
    throw new HttpError(400, `${where} is nested more than ${MAX_JSON_DEPTH} deep`)
  }
  if (values > maxValues) {
    throw new HttpError(413, `${where} has more than ${maxValues} values`)
  }
  const value = parsed(decoded(bytes, where), where)
  // JSON.parse takes the last of two equal names; another reader might take the first.
  if (countNames(value) !== names) throw new HttpError(400, `${where} has a name twice`)
  return value
}

function decoded(bytes: Buffer, where: string): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new HttpError(400, `${where} is not valid UTF-8`, { cause })
  }
}

function parsed(text: string, where: string): unknown {
  try {
    // The parser would skip a byte order mark, which JSON does not allow.
    if (text.startsWith('\uFEFF')) throw new SyntaxError('byte order mark')
    return secureJson.parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (cause) {
    throw new HttpError(400, `${where} is not valid JSON`, { cause })
  }
}

/** Of what `JSON.parse` returns, whose objects have no names but their own. */
function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) for (const part of value) count += countNames(part)
  else {
    for (const name in value) count += 1 + countNames((value as Record<string, unknown>)[name])
  }
  return count
}
