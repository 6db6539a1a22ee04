import { randomBytes } from 'node:crypto'
import type { AuditLine } from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import { inPieces } from '../../database/in-pieces.js'
import type { Database } from '../../database/open.js'
import type { AuditTable } from '../../database/schema.js'
import { HttpError } from '../../errors.js'

export type AuditRow = Selectable<AuditTable>

/** Which lines are asked for. Times are in milliseconds since 1970. */
export interface AuditFilter {
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly token?: string | undefined
  readonly node?: string | undefined
  readonly operation?: string | undefined
  readonly refused?: boolean | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface AuditPage {
  readonly audit: AuditLine[]
  readonly cursor?: string
}

/** The lines on disk. */
export function auditRows(database: Database) {
  return { add, update, list, removeOlder, trim }

  async function add(rows: readonly AuditRow[]): Promise<void> {
    for (const piece of inPieces(rows)) await database.insertInto('audit').values(piece).execute()
  }

  /** Stores the counts of lines, in one transaction. */
  async function update(rows: readonly AuditRow[]): Promise<void> {
    await database.transaction().execute(async (transaction) => {
      for (const { audit_id, count, last_at } of rows) {
        await transaction
          .updateTable('audit')
          .set({ count, last_at })
          .where('audit_id', '=', audit_id)
          .execute()
      }
    })
  }

  async function list(filter: AuditFilter): Promise<AuditPage> {
    const rows = await queryOf(filter)
      .orderBy('at', 'desc')
      .orderBy('audit_id', 'desc')
      .limit(filter.limit + 1)
      .execute()
    const page = rows.slice(0, filter.limit)
    const last = rows.length > filter.limit ? page.at(-1) : undefined
    return {
      audit: page.map(toLine),
      ...(last && { cursor: `${last.at}-${last.audit_id}` }),
    }
  }

  function queryOf({ since, until, token, node, operation, refused, cursor }: AuditFilter) {
    let query = database.selectFrom('audit').selectAll()
    if (since !== undefined) query = query.where('last_at', '>', since)
    if (until !== undefined) query = query.where('at', '<=', until)
    if (token !== undefined) query = query.where('token_id', '=', token)
    if (node !== undefined) query = query.where('node_id', '=', node)
    if (operation !== undefined) query = query.where('operation', '=', operation)
    if (refused) query = query.where('status', 'in', [...REFUSED])
    if (cursor === undefined) return query
    const after = readCursor(cursor)
    return query.where(({ eb, or, and }) =>
      or([eb('at', '<', after.at), and([eb('at', '=', after.at), eb('audit_id', '<', after.id)])]),
    )
  }

  async function removeOlder(than: number): Promise<void> {
    // What is counted in a line is within a minute of its beginning.
    await database.deleteFrom('audit').where('at', '<', than).execute()
  }

  /** Removes the oldest lines beyond a number, of those with a token or of those without. */
  async function trim(which: 'with token' | 'without token', keep: number): Promise<void> {
    const kind = which === 'with token' ? 'is not' : 'is'
    const first = await database
      .selectFrom('audit')
      .select('at')
      .where('token_id', kind, null)
      .orderBy('at', 'desc')
      .offset(keep)
      .limit(1)
      .executeTakeFirst()
    if (!first) return
    const { at } = first
    await database.deleteFrom('audit').where('token_id', kind, null).where('at', '<=', at).execute()
  }
}

/** The statuses of refusals for want of a token or a right, or for too many wrong tokens. */
export const REFUSED: ReadonlySet<number> = new Set([401, 403, 429])

let made = 0

/** Ids of one server are in the order of its lines. */
export function newAuditId(): string {
  made += 1
  return `${made.toString(36).padStart(8, '0')}${randomBytes(6).toString('hex')}`
}

function readCursor(text: string): { at: number; id: string } {
  const [, at, id] = /^(\d{1,15})-([0-9a-z]{1,64})$/.exec(text) ?? []
  if (at === undefined || id === undefined) throw new HttpError(400, "invalid 'cursor' value")
  return { at: Number(at), id }
}

function toLine(row: AuditRow): AuditLine {
  const { audit_id, at, last_at, count, token_id, token, address } = row
  const { operation, node_id, subject, status, message } = row
  return {
    audit_id,
    at: timeOf(at),
    ...(count > 1 && { last_at: timeOf(last_at) }),
    count,
    ...(token_id !== null && { token_id }),
    ...(token !== null && { token }),
    address,
    operation,
    ...(node_id !== null && { node_id }),
    ...(subject !== null && { subject }),
    status,
    ...(message !== null && { message }),
  }
}

function timeOf(milliseconds: number): string {
  return new Date(Number(milliseconds)).toISOString()
}
