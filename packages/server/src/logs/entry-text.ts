import {
  isTerminal,
  LEVELS,
  type Level,
  type LogEntry,
  type NodeStatus,
  PHASES,
  type Phase,
  parseInstant,
} from '@launchtail/client/protocol'

/** Reads a stored text of a node's list; undefined for one that is no entry. */
export type ReadText = (text: string, nodeId: string) => LogEntry | undefined

/** An entry as it is stored and sent: one line of JSON, its fields in the specification's order. */
export function writeEntry({
  timestamp,
  level,
  message,
  phase,
  progress,
  details,
}: LogEntry): string {
  return oneLine({ timestamp, level, message, phase, progress, details })
}

/**
 * JSON that no client takes for several lines. U+0085, U+2028 and U+2029 end no line in SSE, but
 * they do in Python's `splitlines`, by which the common Python clients divide their events.
 */
export function oneLine(value: object): string {
  const text = JSON.stringify(value)
  return LINE_END.test(text) ? text.replace(LINE_ENDS, escapeCharacter) : text
}

const LINE_END = /[\u0085\u2028\u2029]/
const LINE_ENDS = /[\u0085\u2028\u2029]/g

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * Reads a stored text; undefined for one that is no entry. Other programs write to the lists too, so
 * an unknown level is read as `info` (or as the level it means), and a progress out of bounds is
 * brought back into them.
 */
export function readEntry(text: string): LogEntry | undefined {
  if (text.length > LONGEST) return undefined
  const value = parse(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { timestamp, level, message, phase, progress, details } = value as Record<string, unknown>
  if (typeof timestamp !== 'string' || parseInstant(timestamp) === undefined) return undefined
  if (typeof message !== 'string' || !phases.has(phase)) return undefined
  const entry: LogEntry = {
    timestamp,
    level: levels.get(level) ?? 'info',
    message: message.toWellFormed(),
    phase: phase as Phase,
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

/** The status of a launch whose newest entry is this one. */
export function statusOf({ phase, message }: LogEntry): NodeStatus {
  if (!isTerminal(phase)) return 'launching'
  if (phase === 'active') return 'active'
  return message === TERMINATED ? 'terminated' : 'failed'
}

/** The address an `active` entry names, in its details or else in its message. */
export function endpointOf({ phase, message, details = '' }: LogEntry): string | undefined {
  if (phase !== 'active') return undefined
  return URL_FORM.exec(details)?.[0] ?? URL_FORM.exec(message)?.[0]
}

const URL_FORM = /\bhttps?:\/\/[^\s"'<>\\]{1,2048}/
