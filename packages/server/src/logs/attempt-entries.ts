import type { LogEntry } from '@launchtail/client/protocol'

/** An attempt of a launch that begins because the one before is over. */
export interface OpenedAttempt {
  readonly number: number
  /** True where the machine of the one before was lost. Otherwise its job failed. */
  readonly isPreempted: boolean
  /** What the launcher says of it. */
  readonly reason?: string | undefined
  /** Where it is made, and where the one before was, if this server has decided on it. */
  readonly place?: string | undefined
  readonly left?: string | undefined
  /** The cause of the one before, if this server has decided on it. */
  readonly code?: string | undefined
}

/** The entry that opens a further attempt that this server has decided on. */
export function nextAttemptEntry(attempt: Omit<Required<OpenedAttempt>, 'isPreempted'>) {
  const { number, place, left, code, reason } = attempt
  return {
    level: 'warn' as const,
    message: `Attempt ${number - 1} failed: ${code}; attempt ${number} follows at ${place}`,
    details: [
      ...[`attempt: ${number}`, `place: ${place}`, `left: ${left}`, `code: ${code}`],
      ...(reason ? [reason] : []),
    ].join('\n'),
  }
}

/** The entry that opens a further attempt. */
export function openingEntry({ number, isPreempted, reason }: OpenedAttempt) {
  return {
    level: 'warn' as const,
    message: `${isPreempted ? LOST : FAILED}; recovering, attempt ${number}`,
    details: [`attempt: ${number}`, reason].filter(Boolean).join('\n'),
  }
}

/** The attempt that an entry opens, if it opens one. */
export function attemptOpenedBy(entry: LogEntry): OpenedAttempt | undefined {
  const { level, message, details = '' } = entry
  if (level !== 'warn') return undefined
  const next = nextIn(message, details)
  if (next) return next
  const [, cause, number] = OPENS.exec(message) ?? []
  const [first = '', ...rest] = details.split('\n')
  if (number === undefined || first !== `attempt: ${number}`) return undefined
  const reason = rest.join('\n') || undefined
  return { number: Number(number), isPreempted: cause === LOST, reason }
}

function nextIn(message: string, details: string): OpenedAttempt | undefined {
  const number = NEXT.exec(message)?.[1]
  const [, told, place, left, code, rest] = NEXT_DETAILS.exec(details) ?? []
  if (number === undefined || told !== number) return undefined
  const reason = rest || undefined
  return { number: Number(number), isPreempted: code === 'preempted', place, left, code, reason }
}

const NEXT = /^Attempt \d{1,9} failed: [a-z_]{1,64}; attempt (\d{1,9}) follows at \S{1,300}$/
const NEXT_DETAILS =
  /^attempt: (\d{1,9})\nplace: (\S{1,300})\nleft: (\S{1,300})\ncode: ([a-z_]{1,64})(?:\n([\s\S]*))?$/

/** The entry that says of a further attempt what `word` says of the first: it is ready, and where. */
export function readyAgainEntry(attempt: number, { message, details }: ReadyEntry) {
  const where = details === undefined ? [] : [`${ENDPOINT}${details}`]
  return {
    message: `Attempt ${attempt}: ${message}`,
    phase: 'active' as const,
    progress: 100,
    details: [`attempt: ${attempt}`, ...where].join('\n'),
  }
}

type ReadyEntry = Pick<LogEntry, 'message' | 'details'>

/** The address that the entry of a further attempt names. Such an attempt runs on another machine. */
export function endpointOfAttempt({ message, details = '' }: LogEntry): string | undefined {
  const number = AGAIN.exec(message)?.[1]
  const begin = `attempt: ${number}\n${ENDPOINT}`
  if (number === undefined || !details.startsWith(begin)) return undefined
  const address = details.slice(begin.length).split('\n', 1)[0] ?? ''
  return URL.canParse(address) ? address : undefined
}

const LOST = 'Preempted'
const FAILED = 'The job failed'
const ENDPOINT = 'endpoint: '
const OPENS = new RegExp(`^(${LOST}|${FAILED}); recovering, attempt (\\d{1,9})$`)
const AGAIN = /^Attempt (\d{1,9}): /
