import { setImmediate as nextTurn } from 'node:timers/promises'
import { MAX_BATCH_ENTRIES, MAX_ENTRY_BYTES } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import { parseJson } from './parse.js'
import { elementAt, LINE_FEED, type Shape, skipBlanks, startsArray } from './scan.js'

/** Bytes read before other work gets its turn: about 5 ms. */
const SLICE = 512 * 1024
/** The cost of a part whatever its length, in bytes read. */
const PART_COST = 128

/** Called with each part of a body, in their order. A promise for each would cost more than the part itself. */
export type TakePart = (part: unknown) => void

/**
 * Reads a JSON body that is one entry or an array of them, part by part, so that neither 16 MiB nor
 * a million brackets block the event loop. Throws 413 for an entry that is too large, or too many.
 */
export async function readJsonParts(bytes: Buffer, take: TakePart): Promise<void> {
  const first = skipBlanks(bytes, 0)
  if (!startsArray(bytes, first)) {
    take(parseEntry(bytes, 'body', 0))
    return
  }
  const slice = { read: 0 }
  let start = first + 1
  for (let count = 0; ; ) {
    const element = elementAt(bytes, start)
    if (!element) throw new HttpError(400, 'body is not valid JSON: it ends inside an array')
    const { end, isLast } = element
    // `[]` has no element, while `[1,]` lacks one.
    const isEmptyArray = isLast && count === 0 && skipBlanks(bytes, start) === end
    if (!isEmptyArray) {
      take(parseEntry(bytes.subarray(start, end), `entry ${count}`, count, element))
      count += 1
    }
    if (isOver(slice, end - start)) await nextTurn()
    start = end + 1
    if (isLast) break
  }
  if (skipBlanks(bytes, start) !== bytes.length) {
    throw new HttpError(400, 'body is not valid JSON: something follows its array')
  }
}

/** Reads an NDJSON body, line by line. Blank lines are skipped. Throws as `readJsonParts` does. */
export async function readNdjsonParts(bytes: Buffer, take: TakePart): Promise<void> {
  const slice = { read: 0 }
  let count = 0
  for (let start = 0, line = 1; start < bytes.length; line += 1) {
    const found = bytes.indexOf(LINE_FEED, start)
    const end = found === -1 ? bytes.length : found
    const part = bytes.subarray(start, end)
    if (skipBlanks(part, 0) < part.length) {
      take(parseEntry(part, `line ${line}`, count))
      count += 1
    }
    if (isOver(slice, part.length)) await nextTurn()
    start = end + 1
  }
}

function parseEntry(bytes: Buffer, where: string, index: number, shape?: Shape): unknown {
  if (index === MAX_BATCH_ENTRIES) {
    throw new HttpError(413, `request has more than ${MAX_BATCH_ENTRIES} entries`)
  }
  if (bytes.length > MAX_ENTRY_BYTES) {
    throw new HttpError(413, `entry ${index} has more than ${MAX_ENTRY_BYTES} bytes`)
  }
  return parseJson(bytes, where, shape && { shape })
}

/** Counts what was read. True at the end of a slice; then the next one begins. */
function isOver(slice: { read: number }, bytes: number): boolean {
  slice.read += bytes + PART_COST
  if (slice.read <= SLICE) return false
  slice.read = 0
  return true
}
