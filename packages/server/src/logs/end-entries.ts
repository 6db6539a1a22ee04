import type { Draft } from '@launchtail/client/protocol'
import { TERMINATED } from './entry-text.js'

/** The entry of a launch that was terminated on request. */
export const TERMINATED_ENTRY: Draft = { level: 'warn', phase: 'failed', message: TERMINATED }

const READY = 'Node is ready and serving requests!'

/** The entry of a launch that has succeeded. `launch-end.ts` reads the endpoint from its details. */
export function activeEntry(endpoint?: string, message = READY) {
  return {
    message,
    phase: 'active' as const,
    progress: 100,
    ...(endpoint !== undefined && { details: endpoint }),
  }
}

export interface FailedEntry {
  message: string
  details?: string | undefined
  /** The code of the cause, if whoever ends the launch knows it. Otherwise the log decides. */
  code?: string | undefined
}

/** The entry of a launch that has failed. */
export function failedEntry({ message, details, code }: FailedEntry): Draft {
  const lines = [code && `${CAUSE}${code}`, details].filter((line) => line !== undefined)
  return {
    level: 'error',
    phase: 'failed',
    message,
    ...(lines.length > 0 && { details: lines.join('\n') }),
  }
}

const CAUSE = 'cause: '
const NAMED = /^cause: ([a-z_]{1,64})(?:\n|$)/

/** The cause that a failed entry names, and the rest of its details. */
export function causeNamedIn(details = ''): { code: string | undefined; rest: string | undefined } {
  const [line, code] = NAMED.exec(details) ?? []
  return { code, rest: (line ? details.slice(line.length) : details) || undefined }
}
