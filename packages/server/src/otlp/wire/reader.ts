import { HttpError } from '../../errors.js'
import { MalformedOtlp } from '../model.js'

/** The wire types of protobuf that are in use. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Values of a request. Each takes some 60 bytes of memory, and may take two of the request. */
const MAX_VALUES = 2_000_000

/** Nested more than this, a message is refused. */
export const MAX_DEPTH = 32

/** A place in the protobuf encoding of a message. The functions below read on from there. */
export interface WireReader {
  readonly buffer: Buffer
  readonly view: DataView
  at: number
  /** The wire type of the field that `nextField` has given. */
  wire: number
  /** The number of values that were read. */
  values: number
}

export function wireReader(buffer: Buffer): WireReader {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  return { buffer, view, at: 0, wire: 0, values: 0 }
}

/** The numbers of the fields of the message that ends at `end`, one after the other; 0 at its end. */
export function nextField(reader: WireReader, end: number): number {
  if (reader.at >= end) {
    if (reader.at > end) throw new MalformedOtlp('a field is longer than its message')
    return 0
  }
  const tag = readVarint(reader)
  reader.wire = tag & 7
  const field = tag >>> 3
  if (field === 0) throw new MalformedOtlp('a field has the number 0')
  return field
}

/** Counts a value. Throws 413 if there are too many. */
export function countValue(reader: WireReader): void {
  reader.values += 1
  if (reader.values > MAX_VALUES)
    throw new HttpError(413, `request has more than ${MAX_VALUES} values`)
}

/** True if the field has this wire type. Otherwise it is skipped, as one that is not known. */
export function isWire(reader: WireReader, type: number): boolean {
  if (reader.wire === type) return true
  skipField(reader)
  return false
}

export function skipField(reader: WireReader): void {
  const { wire } = reader
  if (wire === WIRE.varint) readVarint(reader)
  else if (wire === WIRE.fixed64) take(reader, 8)
  else if (wire === WIRE.bytes) take(reader, readVarint(reader))
  else if (wire === WIRE.fixed32) take(reader, 4)
  else throw new MalformedOtlp(`wire type ${wire} is not supported`)
}

/** Where the message ends that begins here, as the value of a field. */
export function messageEnd(reader: WireReader): number {
  const length = readVarint(reader)
  if (length > reader.buffer.length - reader.at) {
    throw new MalformedOtlp('the body ends within a message')
  }
  return reader.at + length
}

export function readVarint(reader: WireReader): number {
  let value = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = nextByte(reader)
    // Bits beyond 31 would be lost in a shift.
    if (shift < 28) value |= (byte & 0x7f) << shift
    else value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw new MalformedOtlp('a number has more than ten bytes')
}

/** A signed integer of 64 bits, as a number where that is exact. */
export function readInt64(reader: WireReader): number | bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = nextByte(reader)
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) {
      const signed = BigInt.asIntN(64, value)
      const number = Number(signed)
      return Number.isSafeInteger(number) ? number : signed
    }
  }
  throw new MalformedOtlp('a number has more than ten bytes')
}

export function readText(reader: WireReader): string {
  const { buffer } = reader
  const length = readVarint(reader)
  const from = take(reader, length)
  const end = from + length
  if (length >= SHORT) return buffer.toString('utf8', from, end)
  let text = ''
  for (let i = from; i < end; i += 1) {
    const byte = buffer[i] as number
    if (byte >= 0x80) return buffer.toString('utf8', from, end)
    text += String.fromCharCode(byte)
  }
  return text
}

/** Shorter texts in ASCII are put together here: to call into the decoder costs more. */
const SHORT = 16

export function readBytes(reader: WireReader): Uint8Array {
  const from = take(reader, readVarint(reader))
  return reader.buffer.subarray(from, reader.at)
}

export function readFixed64(reader: WireReader): bigint {
  return reader.view.getBigUint64(take(reader, 8), true)
}

export function readFixed32(reader: WireReader): number {
  return reader.view.getUint32(take(reader, 4), true)
}

export function readDouble(reader: WireReader): number {
  return reader.view.getFloat64(take(reader, 8), true)
}

/** Moves behind so many bytes, and returns where they begin. */
function take(reader: WireReader, length: number): number {
  const from = reader.at
  if (length > reader.buffer.length - from) throw new MalformedOtlp('the body ends within a field')
  reader.at = from + length
  return from
}

function nextByte(reader: WireReader): number {
  const byte = reader.buffer[reader.at]
  if (byte === undefined) throw new MalformedOtlp('the body ends within a field')
  reader.at += 1
  return byte
}
