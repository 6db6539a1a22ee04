import type { LogEntry } from '@launchtail/client/protocol'
import { countMasked } from './redact/count-masked.js'
import { createRedactor, type Redactor } from './redact/index.js'
import { followKeys, type KeyLines } from './redact/key-lines.js'

/** Keeps credentials out of what is stored and out of what is sent. */
export interface Secrecy {
  /** A text of one field, on its way into a node's log. */
  redact(nodeId: string, text: string): string
  /** A text that is about no launch: a node's name, say. */
  redactOwn(text: string): string
  /** For one raw output into a node's log. */
  redactorFor(nodeId: string): Redactor
  /** The same for lines of an output that is sent in requests: a private key may begin in the one before. */
  redactorForPart(nodeId: string): Redactor
  /** An entry that another program may have written into a node's list, without its secrets. */
  redactEntry<Entry extends Pick<LogEntry, 'message' | 'details'>>(
    nodeId: string,
    entry: Entry,
  ): Entry
}

/** Nodes whose last entry is within a private key, of which so many are remembered. */
const MOST_KEYS = 1000

/**
 * `tokens` are the server's own; `secretsOf` gives those of a node's launches. `onMasked` is called for each
 * text in which something was masked.
 */
export function createSecrecy(
  tokens: readonly string[],
  secretsOf: (nodeId: string) => readonly string[],
  onMasked = () => {},
): Secrecy {
  const base = redactorOf(tokens)
  const ofLaunches = new WeakMap<readonly string[], Redactor>()
  const insideKeys = new Map<string, KeyLines>()
  return {
    redact: (nodeId, text) => maskKeyRows(nodeId, shared(nodeId).redact(text), text),
    redactOwn: base.redact,
    redactorFor,
    redactorForPart(nodeId) {
      const redactor = redactorFor(nodeId)
      return { ...redactor, line: (text) => maskKeyRows(nodeId, redactor.line(text), text) }
    },
    redactEntry(nodeId, entry) {
      const { redact } = shared(nodeId)
      const message = maskLoneRow(redact(entry.message))
      const details = entry.details && maskLoneRow(redact(entry.details))
      if (message === entry.message && details === entry.details) return entry
      return { ...entry, message, ...(details !== undefined && { details }) }
    },
  }

  function redactorFor(nodeId: string): Redactor {
    return redactorOf([...tokens, ...secretsOf(nodeId)])
  }

  function redactorOf(values: readonly string[]): Redactor {
    return countMasked(createRedactor({ values }), onMasked)
  }

  /** A program may send a private key as one entry a line. */
  function maskKeyRows(nodeId: string, masked: string, text: string): string {
    const known = insideKeys.get(nodeId)
    if (!known && !text.includes('-----BEGIN')) return maskLoneRow(masked)
    const keys = known ?? followKeys()
    const originals = text.split('\n')
    // A block in the text has become one line: then the text is followed for its end alone.
    const lines = masked.split('\n')
    const isSame = lines.length === originals.length
    const followed = originals.map((line, n) =>
      keys.next(isSame ? (lines[n] as string) : line, line),
    )
    insideKeys.delete(nodeId)
    if (keys.isInside()) insideKeys.set(nodeId, keys)
    if (insideKeys.size > MOST_KEYS) insideKeys.delete(insideKeys.keys().next().value as string)
    return isSame ? followed.join('\n') : masked
  }

  /** One for all texts of a launch: making one costs more than using it. */
  function shared(nodeId: string): Redactor {
    const secrets = secretsOf(nodeId)
    if (secrets.length === 0) return base
    let redactor = ofLaunches.get(secrets)
    if (!redactor) {
      redactor = redactorOf([...tokens, ...secrets])
      ofLaunches.set(secrets, redactor)
    }
    return redactor
  }
}

/**
 * Masks an entry that is nothing but a row of a private key, as which its neighbours would tell it:
 * they may have been sent to another server. Data in base64 is one long row, or has rows of 76.
 */
function maskLoneRow(text: string): string {
  return LONE_ROW.test(text) && MIXED.every((kind) => kind.test(text)) ? '***' : text
}

const LONE_ROW = /^\s{0,8}(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70})\s{0,8}$/
const MIXED = [/[a-z]/, /[A-Z]/, /\d/]
