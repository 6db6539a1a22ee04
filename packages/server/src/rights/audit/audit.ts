import type { Database } from '../../database/open.js'
import type { Principal } from '../principal.js'
import {
  type AuditFilter,
  type AuditPage,
  type AuditRow,
  auditRows,
  newAuditId,
} from './audit-rows.js'
import { createLineWriter } from './write-lines.js'

/** Something that somebody did, or was refused. */
export interface AuditEvent {
  readonly principal: Pick<Principal, 'id' | 'name'> | undefined
  readonly address: string
  readonly operation: string
  readonly nodeId?: string | undefined
  readonly subject?: string | undefined
  readonly status: number
  readonly message?: string | undefined
  /** True for what may happen often: within a minute, it is one line with a count. */
  readonly isCounted: boolean
}

/** The audit log. */
export interface Audit {
  record(event: AuditEvent): void
  list(filter: AuditFilter): Promise<AuditPage>
  /** Stores what is left. */
  stop(): Promise<void>
}

export interface AuditOptions {
  database: Database
  /** How long lines are kept, in milliseconds. */
  retention: number
  /** How many lines are kept of requests with a token. */
  maxLines: number
  now?: () => number
  onFault: (message: string, error: unknown) => void
}

/** For how long the same is counted in one line. */
const WINDOW = 60_000
/**
 * Different things that are counted within a window, with one token or with none. Further ones share a
 * line for each status.
 */
const MOST_COUNTED = 200
/** With 100,000 lines, a look takes some tens of milliseconds. */
const TRIM_EVERY = 600_000

export function createAudit(options: AuditOptions): Audit {
  const { database, retention, maxLines, now = Date.now, onFault } = options
  const rows = auditRows(database)
  const writer = createLineWriter({ rows, onFault })
  /** What is counted in this window. */
  const counted = new Map<string, AuditRow>()
  /** How many different things were counted with each token, and with none. */
  const kinds = new Map<string | undefined, number>()
  let windowEnds = now() + WINDOW
  const trimming = setInterval(() => void trim(), TRIM_EVERY).unref()
  return {
    record(event) {
      if (event.isCounted) count(event, now())
      else writer.add(rowOf(event, now()))
    },
    async list(filter) {
      await writer.flush()
      return rows.list(filter)
    },
    async stop() {
      clearInterval(trimming)
      await writer.flush()
    },
  }

  function count(event: AuditEvent, at: number): void {
    if (at >= windowEnds) {
      counted.clear()
      kinds.clear()
      windowEnds = at + WINDOW
    }
    const { principal, status } = event
    const key = keyOf(event)
    const before = kinds.get(principal?.id) ?? 0
    if (!counted.has(key) && before >= MOST_COUNTED) {
      // A flood must neither fill the disk nor push out what others did.
      countAs(`others ${principal?.id} ${status}`, { ...OTHERS, principal, status }, at)
      return
    }
    if (!counted.has(key)) kinds.set(principal?.id, before + 1)
    countAs(key, event, at)
  }

  function countAs(key: string, event: AuditEvent, at: number): void {
    const known = counted.get(key)
    if (!known) {
      const row = rowOf(event, at)
      counted.set(key, row)
      writer.add(row)
      return
    }
    known.count += 1
    known.last_at = at
    writer.changed(known)
  }

  async function trim(): Promise<void> {
    try {
      await rows.removeOlder(now() - retention)
      await rows.trim('with token', maxLines)
      await rows.trim('without token', Math.ceil(maxLines / 10))
    } catch (error) {
      onFault('trimming the audit log', error)
    }
  }
}

const OTHERS: AuditEvent = {
  principal: undefined,
  address: 'many',
  operation: 'unknown',
  status: 0,
  isCounted: true,
}

function keyOf({ principal, address, operation, nodeId, status, message }: AuditEvent): string {
  return JSON.stringify([principal?.id, address, operation, nodeId, status, message])
}

function rowOf(event: AuditEvent, at: number): AuditRow {
  const { principal, address, operation, nodeId, subject, status, message } = event
  return {
    audit_id: newAuditId(),
    at,
    last_at: at,
    count: 1,
    token_id: principal?.id ?? null,
    token: principal?.name ?? null,
    address,
    operation,
    node_id: nodeId ?? null,
    subject: subject ?? null,
    status,
    message: message ?? null,
  }
}
