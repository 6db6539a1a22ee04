import { type Level, PHASES, type Phase } from '@launchtail/client/protocol'
import type { AnyValue, Attributes, LogRecord } from '../model.js'
import { levelOf } from './severity.js'
import { attributeOf, isFields, textOf } from './values.js'

/** A record in terms of an entry. Its texts may have secrets. */
export interface ReadRecord {
  /** RFC 3339 with nine digits; undefined where the record has no time. */
  readonly timestamp: string | undefined
  /** Undefined where the record does not say it. */
  readonly level: Level | undefined
  readonly phase: Phase | undefined
  readonly progress: number | undefined
  readonly message: string
  /** `key=value` lines; empty where there are none. */
  readonly details: string
}

/** Details in an entry have at most about so many characters. */
const MOST_DETAILS = 8 * 1024
/** Where a body that is a map has the message. Fluent Bit sends whole records so. */
const MESSAGES = ['message', 'msg', 'log', 'body']
const OWN = 'launchtail.'
/** The last nanosecond of the year 9999. */
const LAST = 253_402_300_799_999_999_999n

export function readRecord(record: LogRecord, scope: string): ReadRecord {
  const { attributes } = record
  const { message, rest } = messageOf(record.body)
  return {
    timestamp: timeOf(record.time) ?? timeOf(record.observed),
    level: levelOf(record.severity, record.severityText),
    phase: phaseIn(attributes),
    progress: progressIn(attributes),
    message,
    details: detailsOf(record, scope, rest),
  }
}

function timeOf(nanos: bigint): string | undefined {
  if (nanos <= 0n || nanos > LAST) return undefined
  const fraction = String(nanos % BILLION).padStart(9, '0')
  return `${secondsOf(Number(nanos / BILLION))}.${fraction}Z`
}

const BILLION = 1_000_000_000n

/** Most records are of the same second as the one before. */
let lastSecond = { second: 0, text: '1970-01-01T00:00:00' }

function secondsOf(second: number): string {
  if (second !== lastSecond.second) {
    lastSecond = { second, text: new Date(second * 1000).toISOString().slice(0, 19) }
  }
  return lastSecond.text
}

function phaseIn(attributes: Attributes): Phase | undefined {
  const name = attributeOf(attributes, 'launchtail.phase')
  return PHASES.find((phase) => phase === name)
}

function progressIn(attributes: Attributes): number | undefined {
  const text = attributeOf(attributes, 'launchtail.progress')
  const progress = text === undefined ? Number.NaN : Number(text)
  return progress >= 0 && progress <= 100 ? progress : undefined
}

function messageOf(body: AnyValue | undefined): { message: string; rest: Attributes } {
  if (!isFields(body)) return { message: textOf(body), rest: [] }
  const name = MESSAGES.find((one) => attributeOf(body.fields, one))
  if (name === undefined) return { message: textOf(body), rest: [] }
  return {
    message: attributeOf(body.fields, name) ?? '',
    rest: body.fields.filter(([key]) => key !== name),
  }
}

function detailsOf(record: LogRecord, scope: string, rest: Attributes): string {
  const { eventName, traceId, spanId, flags, attributes } = record
  let details = ''
  add('event', eventName)
  add('scope', scope)
  for (const [key, value] of rest) add(key, textOf(value))
  for (const [key, value] of attributes) if (!key.startsWith(OWN)) add(key, textOf(value))
  add('trace_id', traceId)
  add('span_id', spanId)
  if (flags > 0 && traceId !== '') add('trace_flags', String(flags))
  return details

  function add(key: string, text: string): void {
    if (text === '' || details.length > MOST_DETAILS) return
    const line = `${key}=${text}`.slice(0, MOST_DETAILS)
    details = details === '' ? line : `${details}\n${line}`
  }
}
