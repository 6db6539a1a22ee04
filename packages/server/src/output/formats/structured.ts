import { plain } from '@launchtail/client/protocol'
import { LETTERS } from '../envelopes/envelope.js'
import { type Format, levelOf, type Record } from './format.js'

/** How much of a structured line's fields is kept, in characters. */
const MOST_FIELDS = 2000
const LEVELS = ['level', 'severity', 'lvl', 'levelname', 'log.level', 'loglevel', 'severity_text']
const MESSAGES = ['message', 'msg', 'fields.message', 'event', 'text', 'body', 'log']
const TIMES = ['timestamp', 'time', 'ts', '@timestamp', 'asctime', 't', 'datetime']
const LOGGERS = ['logger', 'target', 'logger_name', 'name', 'source', 'caller', 'module']
const STARTS = /^(?:time|ts|t|timestamp|level|lvl|severity|msg)=/
/** pino's and bunyan's numbers. */
const NUMBERS = [
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
  [0, 'debug'],
] as const

/** Lines of fields: JSON and logfmt. */
export const structured: readonly Format[] = [
  {
    name: 'json',
    first: '{',
    parse: (line) => {
      const fields = line.endsWith('}') ? jsonFields(line) : undefined
      return fields && recordOf(fields)
    },
    examples: [
      ['{"level":"WARN","fields":{"message":"Watch out"}}', 'warn', 'Watch out'],
      ['{"severity":"ERROR","msg":"It broke","pid":7}', 'error', 'It broke'],
      ['{"level":30,"time":1,"msg":"Ready"}', 'info', 'Ready'],
    ],
  },
  {
    name: 'logfmt',
    first: LETTERS,
    parse: (line) => (STARTS.test(line) ? recordOf(logfmtFields(line)) : undefined),
    examples: [
      ['time=2026-01-02T03:04:07Z level=ERROR source=a.go:7 msg="It broke"', 'error', 'It broke'],
    ],
  },
]

function recordOf(fields: Map<string, string>): Omit<Record, 'format'> | undefined {
  const message = take(fields, MESSAGES)
  const level = take(fields, LEVELS)
  if (message === undefined) return undefined
  return {
    message: oneLine(message),
    level: numbered(level) ?? levelOf(level),
    at: take(fields, TIMES),
    logger: take(fields, LOGGERS),
    fields: kept(fields),
    decoded: true,
  }
}

function take(fields: Map<string, string>, names: readonly string[]): string | undefined {
  const name = names.find((one) => fields.has(one))
  if (name === undefined) return undefined
  const value = fields.get(name)
  fields.delete(name)
  return value === undefined ? undefined : oneLine(value)
}

function numbered(level: string | undefined) {
  if (level === undefined || !/^\d{1,3}$/.test(level)) return undefined
  return NUMBERS.find(([least]) => Number(level) >= least)?.[1]
}

function oneLine(text: string): string {
  return plain(text.replace(/\s*\n\s*/g, ' ')).trimEnd()
}

function kept(fields: Map<string, string>): Map<string, string> {
  let left = MOST_FIELDS
  const some = new Map<string, string>()
  for (const [name, value] of fields) {
    left -= name.length + value.length
    if (left < 0) break
    some.set(oneLine(name), oneLine(value))
  }
  return some
}

function jsonFields(line: string): Map<string, string> | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // A line of another form that happens to stand in braces.
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const fields = new Map<string, string>()
  for (const [name, field] of Object.entries(value)) {
    if (name === 'fields' && typeof field === 'object' && field !== null) {
      for (const [inner, one] of Object.entries(field)) fields.set(`fields.${inner}`, asText(one))
    } else fields.set(name, asText(field))
  }
  return fields
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** In one pass: a quote that nothing closes is part of its value. */
function logfmtFields(line: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [, quotedName, name, quoted, bare] of line.matchAll(PAIR)) {
    const value = quoted === undefined ? bare : quoted.replace(/\\(["\\])/g, '$1')
    fields.set(quotedName ?? name ?? '', value ?? '')
  }
  return fields
}

const PAIR = /(?:"([^"\n]{1,100})"|([^\s="]{1,100}))=(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*|))(?= |$)/g
