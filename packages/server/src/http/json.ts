import { setImmediate as nextTurn } from 'node:timers/promises'
import { TextDecoder } from 'node:util'
import { MAX_BATCH_ENTRIES, MAX_ENTRY_BYTES, MAX_JSON_DEPTH } from '@launchtail/client/protocol'
import secureJson from 'secure-json-parse'
import { HttpError } from '../errors.js'

/** Bytes looked at before other work gets its turn: about 5 ms. */
const SLICE = 512 * 1024
/** What a part costs whatever its length, in bytes looked at. */
const PART_COST = 128
/** What costs time in a JSON text is how many values it has, not how many bytes. */
const MAX_JSON_VALUES = 20_000

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads a whole JSON body. Throws 400 for one that is not JSON, too deep, or ambiguous. */
export function parseJson(bytes: Buffer): unknown {
  return parsePart(bytes, 'body')
}

/**
 * Reads a JSON body that is one entry or an array of them, part by part, so that neither 16 MiB nor
 * a million brackets hold the loop. Throws 413 for an entry, or a number of them, that is too large.
 */
export async function* jsonParts(bytes: Buffer): AsyncGenerator<unknown> {
  const first = skipBlanks(bytes, 0)
  if (bytes[first] !== OPEN_BRACKET) {
    yield parseEntry(bytes, 'body', 0)
    return
  }
  let count = 0
  let start = first + 1
  let looked = 0
  for (;;) {
    const end = endOfElement(bytes, start)
    if (end === -1) throw new HttpError(400, 'body is not valid JSON: it ends inside an array')
    looked += end - start + PART_COST
    const closes = bytes[end] === CLOSE_BRACKET
    // `[]` has no element, `[1,]` a missing one.
    if (!(closes && count === 0 && skipBlanks(bytes, start) === end)) {
      yield parseEntry(bytes.subarray(start, end), `entry ${count}`, count)
      count += 1
    }
    start = end + 1
    if (closes) break
    if (looked > SLICE) {
      looked = 0
      await nextTurn()
    }
  }
  if (skipBlanks(bytes, start) !== bytes.length) {
    throw new HttpError(400, 'body is not valid JSON: something follows its array')
  }
}

/** The lines of an NDJSON body that hold something, each parsed; otherwise as `jsonParts`. */
export async function* ndjsonParts(bytes: Buffer): AsyncGenerator<unknown> {
  let count = 0
  let line = 0
  let looked = 0
  for (let start = 0; start < bytes.length; line += 1) {
    const found = bytes.indexOf(LINE_FEED, start)
    const end = found === -1 ? bytes.length : found
    const part = bytes.subarray(start, end)
    looked += end - start + PART_COST
    start = end + 1
    if (skipBlanks(part, 0) < part.length) {
      yield parseEntry(part, `line ${line + 1}`, count)
      count += 1
    }
    if (looked > SLICE) {
      looked = 0
      await nextTurn()
    }
  }
}

function parseEntry(bytes: Buffer, where: string, index: number): unknown {
  if (index === MAX_BATCH_ENTRIES) {
    throw new HttpError(413, `request has more than ${MAX_BATCH_ENTRIES} entries`)
  }
  if (bytes.length > MAX_ENTRY_BYTES) {
    throw new HttpError(413, `entry ${index} has more than ${MAX_ENTRY_BYTES} bytes`)
  }
  return parsePart(bytes, where)
}

function parsePart(bytes: Buffer, where: string): unknown {
  const { depth, names, values } = measure(bytes)
  if (depth > MAX_JSON_DEPTH) {
    throw new HttpError(400, `${where} is nested more than ${MAX_JSON_DEPTH} deep`)
  }
  if (values > MAX_JSON_VALUES) {
    throw new HttpError(413, `${where} has more than ${MAX_JSON_VALUES} values`)
  }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch (cause) {
    throw new HttpError(400, `${where} is not valid UTF-8`, { cause })
  }
  let value: unknown
  try {
    // The parser would pass over a byte order mark, which JSON does not allow.
    if (text.startsWith('\uFEFF')) throw new SyntaxError('byte order mark')
    value = secureJson.parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (cause) {
    throw new HttpError(400, `${where} is not valid JSON`, { cause })
  }
  // JSON.parse takes the last of two equal names; another reader might take the first.
  if (countNames(value) !== names) throw new HttpError(400, `${where} has a name twice`)
  return value
}

const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const LINE_FEED = 0x0a

/** Where the array's element that begins at `start` ends: at its comma or the closing bracket. */
function endOfElement(bytes: Buffer, start: number): number {
  let depth = 0
  for (let i = start; i < bytes.length; i += 1) {
    const byte = bytes[i]
    if (byte === QUOTE) i = endOfString(bytes, i)
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) depth += 1
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      if (depth === 0) return i
      depth -= 1
    } else if (byte === COMMA && depth === 0) return i
  }
  return -1
}

/** How deep brackets nest, and how many names and values there are: colons, commas and brackets. */
function measure(bytes: Buffer): { depth: number; names: number; values: number } {
  let open = 0
  let values = 1
  let depth = 0
  let names = 0
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]
    if (byte === QUOTE) i = endOfString(bytes, i)
    else if (byte === COLON) names += 1
    else if (byte === COMMA) values += 1
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      open += 1
      values += 1
      if (open > depth) depth = open
      // Deep enough to be refused; the rest need not be looked at.
      if (depth > MAX_JSON_DEPTH) break
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) open -= 1
  }
  return { depth, names, values }
}

/** The index of the quote that ends the string which begins at `start`; the end if none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i += 1) {
    const byte = bytes[i]
    if (byte === QUOTE) return i
    if (byte === BACKSLASH) i += 1
  }
  return bytes.length
}

function skipBlanks(bytes: Buffer, start: number): number {
  let i = start
  while (i < bytes.length && isBlank(bytes[i] as number)) i += 1
  return i
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const parts = Object.values(value)
  const own = Array.isArray(value) ? 0 : parts.length
  return parts.reduce((sum: number, part) => sum + countNames(part), own)
}
