import type { LogEntry } from '@launchtail/client/protocol'
import { createRedactor, type Redactor } from './redact/index.js'

/** Keeps credentials out of what is stored and out of what is sent. */
export interface Secrecy {
  /** A text of one field, on its way into a node's log. */
  redact(nodeId: string, text: string): string
  /** A text that is about no launch: a node's name, say. */
  redactOwn(text: string): string
  /** For one raw output into a node's log. */
  redactorFor(nodeId: string): Redactor
  /** An entry that another program may have written, without its secrets. */
  redactEntry(entry: LogEntry): LogEntry
}

/** `tokens` are the server's own; `secretsOf` gives those of a node's running launch. */
export function createSecrecy(
  tokens: readonly string[],
  secretsOf: (nodeId: string) => readonly string[],
): Secrecy {
  const base = createRedactor({ values: tokens })
  const ofLaunches = new WeakMap<readonly string[], Redactor>()
  return {
    redact: (nodeId, text) => shared(nodeId).redact(text),
    redactOwn: base.redact,
    redactorFor: (nodeId) => createRedactor({ values: [...tokens, ...secretsOf(nodeId)] }),
    redactEntry(entry) {
      const message = base.redact(entry.message)
      const details = entry.details && base.redact(entry.details)
      if (message === entry.message && details === entry.details) return entry
      return { ...entry, message, ...(details !== undefined && { details }) }
    },
  }

  /** One for all texts of a launch: making one costs more than using it. */
  function shared(nodeId: string): Redactor {
    const secrets = secretsOf(nodeId)
    if (secrets.length === 0) return base
    let redactor = ofLaunches.get(secrets)
    if (!redactor) {
      redactor = createRedactor({ values: [...tokens, ...secrets] })
      ofLaunches.set(secrets, redactor)
    }
    return redactor
  }
}
