import {
  LEVELS,
  type Level,
  type LogEntry,
  PHASES,
  type Phase,
  parseInstant,
} from '@launchtail/client/protocol'
import { OwnEntry, readOwn } from './own-entry.js'

/** Reads a stored text of a node's list; undefined for one that is no entry. */
export type ReadText = (text: string, nodeId: string) => StoredEntry | undefined

/** An entry as it is stored and sent: one line of JSON, its fields in the specification's order. */
export function writeEntry(entry: LogEntry): string {
  if (entry instanceof OwnEntry) return entry.text()
  const { timestamp, level, message, phase, progress, details } = entry
  const head = `{"timestamp":${quoted(timestamp)},"level":"${level}","message":${quoted(message)}`
  return `${head},"phase":"${phase}"${progressText(progress)}${detailsText(details)}}`
}

function progressText(progress: number | undefined): string {
  return progress === undefined ? '' : `,"progress":${JSON.stringify(progress)}`
}

function detailsText(details: string | undefined): string {
  return details === undefined ? '' : `,"details":${quoted(details)}`
}

/** Most texts need no escapes, and their quotes are all that JSON adds. It takes half as long by hand. */
function quoted(text: string): string {
  return ESCAPED.test(text) ? oneLine(text) : `"${text}"`
}

/** Any character that JSON or `oneLine` writes in another way; surrogates only where they are alone. */
const ESCAPED = /["\\\u0000-\u001f\u0085\u2028\u2029\ud800-\udfff]/

/**
 * JSON that no client takes for several lines. U+0085, U+2028 and U+2029 end no line in SSE, but
 * they do in Python's `splitlines`, by which the common Python clients divide their events.
 */
export function oneLine(value: object | string): string {
  const text = JSON.stringify(value)
  return LINE_END.test(text) ? text.replace(LINE_ENDS, escapeCharacter) : text
}

const LINE_END = /[\u0085\u2028\u2029]/
const LINE_ENDS = /[\u0085\u2028\u2029]/g

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** An entry as its text has it: other programs may leave out its phase and its timestamp. */
export type StoredEntry = Omit<LogEntry, 'phase' | 'timestamp'> &
  Partial<Pick<LogEntry, 'phase' | 'timestamp'>>

/**
 * Reads a stored text; undefined for one that is no entry. Other programs write to the lists too, so
 * an unknown level is read as `info` (or as the level it means), and a progress out of bounds is
 * brought back into them. A phase that is none of ours, or a timestamp that is none, counts as left
 * out: see `in-context.ts`.
 */
export function readEntry(text: string): StoredEntry | undefined {
  if (text.length > LONGEST) return undefined
  const own = readOwn(text)
  if (own) return own
  const value = parse(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { timestamp, level, message, phase, progress, details } = value as Record<string, unknown>
  if (typeof message !== 'string') return undefined
  const hasTime = typeof timestamp === 'string' && parseInstant(timestamp) !== undefined
  const entry: StoredEntry = {
    ...(hasTime && { timestamp }),
    level: levels.get(level) ?? 'info',
    message: message.toWellFormed(),
    ...(phases.has(phase) && { phase: phase as Phase }),
  }
  if (typeof progress === 'number') entry.progress = Math.min(100, Math.max(0, progress))
  if (typeof details === 'string') {
    if (details !== '') entry.details = details.toWellFormed()
  } else if (details !== undefined && details !== null) entry.details = writeDetails(details)
  return entry
}

/** `JSON.stringify` goes down by recursion, and the engine's stack ends before `JSON.parse` does. */
function writeDetails(details: unknown): string {
  return isDeep(details, DEEPEST)
    ? `(details nested in more than ${DEEPEST} levels)`
    : JSON.stringify(details)
}

function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeep(inner, levels - 1))
}

/** As deep as what is sent in may be. */
const DEEPEST = 32

/**
 * A longer text is no entry. Our own have at most 64 KiB when they are sent in, and their JSON may
 * take three times as much.
 */
export const LONGEST = 256 * 1024

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Another program wrote it, so it is not ours to mend. The caller counts it.
    return undefined
  }
}

const phases = new Set<unknown>(PHASES)
const levels = new Map<unknown, Level>([
  ...LEVELS.map((level) => [level, level] as const),
  ['trace', 'debug'],
  ['warning', 'warn'],
  ['critical', 'error'],
  ['fatal', 'error'],
])

/** The message of the entry that ends a launch which was terminated on request. */
export const TERMINATED = 'Node terminated'
