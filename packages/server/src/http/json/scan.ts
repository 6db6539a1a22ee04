import { MAX_JSON_DEPTH } from '@launchtail/client/protocol'

const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

export const LINE_FEED = 0x0a

/** How deeply a text nests, and how many names and values it has: colons, commas and brackets. */
export interface Shape {
  readonly depth: number
  readonly names: number
  readonly values: number
}

export interface Element extends Shape {
  /** The index of what ends it: its comma, or the bracket that closes the array. */
  readonly end: number
  readonly isLast: boolean
}

/** True if the text at `start` is an array. */
export function startsArray(bytes: Buffer, start: number): boolean {
  return bytes[start] === OPEN_BRACKET
}

/** The element of an array that begins at `start`; undefined if the text ends before it does. */
export function elementAt(bytes: Buffer, start: number): Element | undefined {
  const element = scan(bytes, start, true)
  const { end } = element
  return end < bytes.length ? { ...element, isLast: bytes[end] === CLOSE_BRACKET } : undefined
}

export function measure(bytes: Buffer): Shape {
  return scan(bytes, 0, false)
}

/** Reads on to the end, or to the end of an array's element. */
function scan(bytes: Buffer, start: number, isElement: boolean): Shape & { end: number } {
  let open = 0
  let values = 1
  let depth = 0
  let names = 0
  let end = start
  for (; end < bytes.length; end += 1) {
    const byte = bytes[end]
    if (byte === QUOTE) end = endOfString(bytes, end)
    else if (byte === COLON) names += 1
    else if (byte === COMMA) {
      if (isElement && open === 0) break
      values += 1
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      open += 1
      values += 1
      if (open > depth) depth = open
      // It is refused for its depth, whatever the rest is; of an element the end must be known.
      if (depth > MAX_JSON_DEPTH && !isElement) break
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      if (isElement && open === 0) break
      open -= 1
    }
  }
  // A string without its end ends behind the text.
  return { depth, names, values, end: Math.min(end, bytes.length) }
}

/** The index of the first byte from `start` on that is not blank; the length if all are. */
export function skipBlanks(bytes: Buffer, start: number): number {
  let i = start
  while (i < bytes.length && isBlank(bytes[i] as number)) i += 1
  return i
}

/** The index of the quote that ends the string which begins at `start`; the length if none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i += 1) {
    const byte = bytes[i]
    if (byte === QUOTE) return i
    if (byte === BACKSLASH) i += 1
  }
  return bytes.length
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LINE_FEED || byte === 0x0d
}
