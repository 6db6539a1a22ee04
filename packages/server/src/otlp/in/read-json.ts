import { Buffer } from 'node:buffer'
import {
  type AnyValue,
  type Attributes,
  type LogRecord,
  MalformedOtlp,
  type ScopedRecord,
} from '../model.js'
import { MAX_DEPTH } from '../wire/reader.js'

type Json = Readonly<Record<string, unknown>>

/**
 * Reads the JSON of an `ExportLogsServiceRequest`. It is not quite protobuf's own JSON: names are in
 * lowerCamelCase alone, ids in hex, enums are numbers, 64-bit integers numbers or texts, and what is not
 * known is ignored.
 */
export function* readLogsJson(value: unknown): Generator<ScopedRecord> {
  for (const given of list(object(value, 'body').resourceLogs, 'resourceLogs')) {
    const { resource: described, scopeLogs } = object(given, 'resourceLogs')
    const { attributes } = object(described ?? {}, 'resource')
    const resource = readAttributes(attributes, 0)
    for (const scoped of list(scopeLogs, 'scopeLogs')) {
      const { scope: named, logRecords } = object(scoped, 'scopeLogs')
      const scope = text(object(named ?? {}, 'scope').name, 'name')
      for (const record of list(logRecords, 'logRecords')) {
        yield { resource, scope, record: readRecord(record) }
      }
    }
  }
}

/** Puts times that were sent as numbers in quotes: JavaScript's numbers have no room for nanoseconds. */
export function withExactTimes(json: string): string {
  return json.replace(/("(?:observedT|t)imeUnixNano"\s*:\s*)(\d{16,20})(?=\s*[,}])/g, '$1"$2"')
}

function readRecord(given: unknown): LogRecord {
  const record = object(given, 'logRecords')
  return {
    time: nanos(record.timeUnixNano, 'timeUnixNano'),
    observed: nanos(record.observedTimeUnixNano, 'observedTimeUnixNano'),
    severity: number(record.severityNumber, 'severityNumber'),
    severityText: text(record.severityText, 'severityText'),
    body: readAny(record.body, 0),
    attributes: readAttributes(record.attributes, 0),
    eventName: text(record.eventName, 'eventName'),
    traceId: text(record.traceId, 'traceId').slice(0, 64),
    spanId: text(record.spanId, 'spanId').slice(0, 64),
    flags: number(record.flags, 'flags'),
  }
}

function readAttributes(given: unknown, depth: number): Attributes {
  return list(given, 'attributes').map((one) => {
    const { key, value } = object(one, 'attributes')
    return [text(key, 'key'), readAny(value, depth)] as const
  })
}

function readAny(given: unknown, depth: number): AnyValue | undefined {
  if (given === undefined || given === null) return undefined
  if (depth > MAX_DEPTH) throw new MalformedOtlp(`a value is nested more than ${MAX_DEPTH} deep`)
  const value = object(given, 'value')
  if (value.stringValue !== undefined) return text(value.stringValue, 'stringValue')
  if (value.boolValue !== undefined) return value.boolValue === true
  if (value.intValue !== undefined) return integer(value.intValue)
  if (value.doubleValue !== undefined) return number(value.doubleValue, 'doubleValue')
  if (value.bytesValue !== undefined) {
    return Buffer.from(text(value.bytesValue, 'bytesValue'), 'base64')
  }
  if (value.arrayValue !== undefined) {
    const { values } = object(value.arrayValue, 'arrayValue')
    return list(values, 'values').map((one) => readAny(one, depth + 1) ?? '')
  }
  if (value.kvlistValue === undefined) return undefined
  const { values } = object(value.kvlistValue, 'kvlistValue')
  return { fields: readAttributes(values, depth + 1) }
}

function object(value: unknown, name: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new MalformedOtlp(`${name}: must be an object`)
}

function list(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw new MalformedOtlp(`${name}: must be an array`)
}

function text(value: unknown, name: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw new MalformedOtlp(`${name}: must be a string`)
}

function number(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0
  const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof given === 'number' && !Number.isNaN(given)) return given
  throw new MalformedOtlp(`${name}: must be a number`)
}

function integer(value: unknown): number | bigint {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) {
    throw new MalformedOtlp('intValue: must be an integer')
  }
  const exact = Number(value)
  return Number.isSafeInteger(exact) ? exact : BigInt(value)
}

function nanos(value: unknown, name: string): bigint {
  if (value === undefined || value === null || value === '') return 0n
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value)
  throw new MalformedOtlp(`${name}: must be nanoseconds since 1970`)
}
