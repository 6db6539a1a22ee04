import {
  isTerminal,
  type LogEntry,
  type NodeStatus,
  type Phase,
  plain,
} from '@launchtail/client/protocol'
import { endpointOfAttempt } from './attempt-entries.js'
import { TERMINATED } from './entry-text.js'

/** How a launch ended, as `done` and the node's record tell it. */
export interface LaunchEnd {
  readonly phase: Phase
  readonly status: NodeStatus
  readonly endpoint: string | undefined
  /** The message of the entry that ended the launch. */
  readonly message: string
}

/**
 * The end of the launch after one more entry; undefined while it goes on. A node that is active logs
 * on, and one that failed may have last words: that changes nothing. The end is another one only
 * where the phase is, or where the node is terminated.
 */
export function foldEnd(end: LaunchEnd | undefined, entry: LogEntry): LaunchEnd | undefined {
  const { phase, message } = entry
  if (!isTerminal(phase)) return undefined
  const status = statusOf(entry)
  if (phase !== end?.phase || (status === 'terminated' && status !== end.status)) {
    return { phase, status, endpoint: endpointOf(entry), message }
  }
  if (phase !== 'active') return end
  const moved = endpointOfAttempt(entry)
  if (moved !== undefined) return moved === end.endpoint ? end : { ...end, endpoint: moved }
  if (end.endpoint !== undefined) return end
  // Some learn their address only once they are active.
  const endpoint = endpointOf(entry)
  return endpoint === undefined ? end : { ...end, endpoint }
}

/** The status of a launch whose newest entry is this one. */
export function statusOf({ phase, message }: LogEntry): NodeStatus {
  if (!isTerminal(phase)) return 'launching'
  if (phase === 'active') return 'active'
  return message === TERMINATED ? 'terminated' : 'failed'
}

/** The address an `active` entry names, in its details or else in its message. */
function endpointOf({ phase, message, details = '' }: LogEntry): string | undefined {
  return phase === 'active' ? (addressIn(details) ?? addressIn(message)) : undefined
}

/** The first address in a text, without colours and without the sentence's punctuation after it. */
function addressIn(text: string): string | undefined {
  if (!text.includes('://')) return undefined
  // `plain` takes line ends out, and an address ends there.
  let address = URL_FORM.exec(plain(text.replace(/[\r\n]+/g, ' ')))?.[0] ?? ''
  for (let cut = 0; cut < MOST_SIGNS; cut += 1) {
    if (!ENDS_SENTENCE.test(address) || closes(address)) break
    address = address.slice(0, -1)
  }
  return URL.canParse(address) ? address : undefined
}

const URL_FORM = /\bhttps?:\/\/[^\s"'`<>\\]{1,2048}/
/** A sentence ends with a few signs; a text of nothing else must not take long. */
const MOST_SIGNS = 8
const ENDS_SENTENCE = /[.,;:!?*|)\]}…]$/

/** True if the last character closes a bracket that the address itself opens: `http://[::1]`. */
function closes(address: string): boolean {
  const close = address.slice(-1)
  const open = { ')': '(', ']': '[', '}': '{' }[close]
  return open !== undefined && address.split(open).length >= address.split(close).length
}
