import type { Selectable } from 'kysely'
import type { Database } from '../database/open.js'
import type { StreamTicketsTable } from '../database/schema.js'

/** The right of a page of another origin to read one node's stream. */
export interface Ticket {
  /** Its SHA-256 in hex: the ticket itself is not kept. */
  readonly digest: string
  readonly nodeId: string
  readonly origin: string
  /** A short name of the token that it was asked for with. */
  readonly caller: string
  /** Times are in milliseconds since 1970. */
  readonly createdAt: number
  redeemedAt: number | undefined
  /** True if it was redeemed by `/embed/{node}`, which only pages of its origin can show. */
  embedded: boolean
  /** True if it was used up to the end of the launch: only who has seen that may still ask. */
  over: boolean
}

/** Tickets on disk. */
export function ticketStore(database: Database) {
  return { all, one, add, update, remove }

  async function all(): Promise<Ticket[]> {
    const rows = await database.selectFrom('stream_tickets').selectAll().execute()
    return rows.map(fromRow)
  }

  async function one(digest: string): Promise<Ticket | undefined> {
    const row = await database
      .selectFrom('stream_tickets')
      .selectAll()
      .where('digest', '=', digest)
      .executeTakeFirst()
    return row && fromRow(row)
  }

  async function add(ticket: Ticket): Promise<void> {
    await database.insertInto('stream_tickets').values(toRow(ticket)).execute()
  }

  async function update(ticket: Ticket): Promise<void> {
    const { digest, ...changed } = toRow(ticket)
    await database.updateTable('stream_tickets').set(changed).where('digest', '=', digest).execute()
  }

  async function remove(tickets: readonly Ticket[]): Promise<void> {
    const digests = tickets.map(({ digest }) => digest)
    await database.deleteFrom('stream_tickets').where('digest', 'in', digests).execute()
  }
}

function toRow(ticket: Ticket): Selectable<StreamTicketsTable> {
  return {
    digest: ticket.digest,
    node_id: ticket.nodeId,
    origin: ticket.origin,
    caller: ticket.caller,
    created_at: ticket.createdAt,
    redeemed_at: ticket.redeemedAt ?? null,
    embedded: ticket.embedded ? 1 : 0,
    over: ticket.over ? 1 : 0,
  }
}

function fromRow(row: Selectable<StreamTicketsTable>): Ticket {
  return {
    digest: row.digest,
    nodeId: row.node_id,
    origin: row.origin,
    caller: row.caller,
    createdAt: Number(row.created_at),
    redeemedAt: row.redeemed_at === null ? undefined : Number(row.redeemed_at),
    embedded: row.embedded !== 0,
    over: row.over !== 0,
  }
}
