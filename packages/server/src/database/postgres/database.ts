import { Kysely, PostgresAdapter, PostgresIntrospector } from 'kysely'
import type { Schema } from '../schema.js'
import { RecordsCompiler } from './compiler.js'
import { createDriver } from './driver.js'
import type { Hosts } from './hosts.js'
import { createPool } from './pool.js'

export interface PostgresOptions {
  /** Of `DATABASE_URL`. All connections of this server share what is believed of them. */
  hosts: Hosts
  onFault: (message: string, error: unknown) => void
  /** Milliseconds for one statement, with the wait for a connection. 0 sets no limit. */
  timeout?: number
  /** The most connections. */
  size?: number
}

/** The rest of the promised two seconds is for what follows a statement that was not answered. */
const TIMEOUT = 1400
const SIZE = 10

export interface PostgresDatabase {
  readonly database: Kysely<Schema>
  /** True for the process of one of its connections. */
  readonly isOurs: (processId: number) => boolean
}

/** The records in PostgreSQL, which several servers share. */
export function postgresDatabase({
  hosts,
  onFault,
  timeout = TIMEOUT,
  size = SIZE,
}: PostgresOptions): PostgresDatabase {
  const pool = createPool({ hosts, timeout, size, onFault })
  const database = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => createDriver({ pool, timeout }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new RecordsCompiler(),
    },
  })
  return { database, isOurs: pool.isOurs }
}
