import { type WireWriter, written } from './writer.js'

/** The protobuf of a message whose JSON is at hand: each field's number and kind, by its name in JSON. */
export type Schema = Readonly<Record<string, readonly [field: number, kind: Kind]>>
type Kind = 'text' | 'number' | 'fixed64' | 'hex' | 'double' | 'boolean' | (() => Schema)

/** The OTLP JSON of a message as protobuf, so that there is one place that says what is sent. */
export function encode(message: object, schema: Schema): Buffer {
  return written((to) => writeFields(to, message, schema))
}

function writeFields(to: WireWriter, message: object, schema: Schema): void {
  for (const [name, value] of Object.entries(message)) {
    const [field, kind] = schema[name] ?? []
    if (field === undefined || kind === undefined) throw new Error(`${name} is not in the schema`)
    for (const one of Array.isArray(value) ? value : [value]) writeField(to, field, kind, one)
  }
}

function writeField(to: WireWriter, field: number, kind: Kind, value: unknown): void {
  if (typeof kind === 'function') {
    to.message(field, (inner) => writeFields(inner, value as object, kind()))
  } else if (kind === 'text') to.text(field, String(value))
  else if (kind === 'hex') to.bytes(field, Buffer.from(String(value), 'hex'))
  else if (kind === 'double') to.double(field, Number(value))
  else if (kind === 'fixed64') to.fixed64(field, BigInt(String(value)))
  else to.varint(field, kind === 'boolean' ? Number(value) : BigInt(String(value)))
}

const ANY_VALUE: Schema = {
  stringValue: [1, 'text'],
  boolValue: [2, 'boolean'],
  intValue: [3, 'number'],
  doubleValue: [4, 'double'],
}
const KEY_VALUE: Schema = { key: [1, 'text'], value: [2, () => ANY_VALUE] }
const RESOURCE: Schema = { attributes: [1, () => KEY_VALUE] }
const SCOPE: Schema = { name: [1, 'text'], version: [2, 'text'] }

const LOG_RECORD: Schema = {
  timeUnixNano: [1, 'fixed64'],
  severityNumber: [2, 'number'],
  severityText: [3, 'text'],
  body: [5, () => ANY_VALUE],
  attributes: [6, () => KEY_VALUE],
  observedTimeUnixNano: [11, 'fixed64'],
}
const SCOPE_LOGS: Schema = { scope: [1, () => SCOPE], logRecords: [2, () => LOG_RECORD] }
const RESOURCE_LOGS: Schema = { resource: [1, () => RESOURCE], scopeLogs: [2, () => SCOPE_LOGS] }
/** `ExportLogsServiceRequest` */
export const LOGS: Schema = { resourceLogs: [1, () => RESOURCE_LOGS] }

const STATUS: Schema = { message: [2, 'text'], code: [3, 'number'] }
const SPAN: Schema = {
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  parentSpanId: [4, 'hex'],
  name: [5, 'text'],
  kind: [6, 'number'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: [9, () => KEY_VALUE],
  status: [15, () => STATUS],
}
const SCOPE_SPANS: Schema = { scope: [1, () => SCOPE], spans: [2, () => SPAN] }
const RESOURCE_SPANS: Schema = { resource: [1, () => RESOURCE], scopeSpans: [2, () => SCOPE_SPANS] }
/** `ExportTraceServiceRequest` */
export const TRACES: Schema = { resourceSpans: [1, () => RESOURCE_SPANS] }
