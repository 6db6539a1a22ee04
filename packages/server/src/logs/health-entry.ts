import { formatDuration, type LogEntry } from '@launchtail/client/protocol'

/** Whether an active node's server answers, and since when that is so. */
export interface Health {
  readonly ok: boolean
  readonly since: string
}

/** The entry of a server that does not answer its health check any more. */
export function unhealthyEntry({ since, reason }: { since: Date; reason: string }) {
  return {
    level: 'warn' as const,
    message: `${LOST}${reason}`,
    details: `${SINCE}${since.toISOString()}`,
  }
}

/** The entry of one that does again, after so many milliseconds. */
export function healthyEntry(after: number) {
  return { message: `${BACK}${formatDuration(after, { parts: 2, decimals: 0 })}` }
}

/** The health that such an entry tells of; undefined for any other entry. */
export function healthIn({
  level,
  message,
  details = '',
  timestamp,
}: LogEntry): Health | undefined {
  if (level === 'warn' && message.startsWith(LOST) && details.startsWith(SINCE)) {
    const since = details.slice(SINCE.length)
    return Number.isNaN(Date.parse(since)) ? undefined : { ok: false, since }
  }
  return level === 'info' && BACK_FORM.test(message) ? { ok: true, since: timestamp } : undefined
}

const LOST = 'The server is unhealthy: '
const SINCE = 'unhealthy since: '
const BACK = 'The server is healthy again, after '
const BACK_FORM = /^The server is healthy again, after \S{2,16}$/
