import type { Scope } from '@launchtail/client/protocol'
import type { Selectable, Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema, TokensTable } from '../database/schema.js'

/** The database, or a transaction of it. */
type Through = Pick<Transaction<Schema>, 'insertInto'>

/** A token as it is stored: nobody can use it who reads it there. */
export interface StoredToken {
  readonly tokenId: string
  /** Its SHA-256 in hex. */
  readonly digest: string
  readonly hint: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly nodes: readonly string[] | undefined
  readonly owner: string | undefined
  readonly labels: Readonly<Record<string, string>> | undefined
  /** Times are in milliseconds since 1970. */
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt: number | undefined
  /** The launch that it is for, and ends with. */
  readonly launchId: string | undefined
}

export function tokenRows(database: Database) {
  return { all, one, add, remove, removeEnded }

  async function all(): Promise<StoredToken[]> {
    return (await database.selectFrom('tokens').selectAll().execute()).map(fromRow)
  }

  async function one(tokenId: string): Promise<StoredToken | undefined> {
    const row = await database
      .selectFrom('tokens')
      .selectAll()
      .where('token_id', '=', tokenId)
      .executeTakeFirst()
    return row && fromRow(row)
  }

  async function add(token: StoredToken, through: Through = database): Promise<void> {
    await through.insertInto('tokens').values(toRow(token)).execute()
  }

  /** False if there is none. */
  async function remove(tokenId: string): Promise<boolean> {
    const { numDeletedRows } = await database
      .deleteFrom('tokens')
      .where('token_id', '=', tokenId)
      .executeTakeFirst()
    return numDeletedRows > 0n
  }

  /** Removes those of launches that are over, and returns their ids. */
  async function removeEnded(): Promise<string[]> {
    const removed = await database
      .deleteFrom('tokens')
      .where('launch_id', 'is not', null)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('launches')
              .select('launches.launch_id')
              .whereRef('launches.launch_id', '=', 'tokens.launch_id')
              .where('launches.state', '!=', 'ended'),
          ),
        ),
      )
      .returning('token_id')
      .execute()
    return removed.map(({ token_id }) => token_id)
  }
}

function toRow(token: StoredToken): Selectable<TokensTable> {
  return {
    token_id: token.tokenId,
    digest: token.digest,
    hint: token.hint,
    name: token.name,
    scopes: JSON.stringify(token.scopes),
    nodes: token.nodes ? JSON.stringify(token.nodes) : null,
    owner: token.owner ?? null,
    labels: token.labels ? JSON.stringify(token.labels) : null,
    created_at: token.createdAt,
    created_by: token.createdBy,
    expires_at: token.expiresAt ?? null,
    launch_id: token.launchId ?? null,
  }
}

function fromRow(row: Selectable<TokensTable>): StoredToken {
  return {
    tokenId: row.token_id,
    digest: row.digest,
    hint: row.hint,
    name: row.name,
    scopes: JSON.parse(row.scopes),
    nodes: row.nodes === null ? undefined : JSON.parse(row.nodes),
    owner: row.owner ?? undefined,
    labels: row.labels === null ? undefined : JSON.parse(row.labels),
    createdAt: Number(row.created_at),
    createdBy: row.created_by,
    expiresAt: row.expires_at === null ? undefined : Number(row.expires_at),
    launchId: row.launch_id ?? undefined,
  }
}
