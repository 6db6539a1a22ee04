import { type Kysely, type Migration, Migrator } from 'kysely'
import { migrations } from './migrations.js'
import type { Schema } from './schema.js'

export type Database = Kysely<Schema>

/** Brings the tables up to date. Throws if a newer version has already changed them. */
export async function migrate(
  database: Database,
  /** Migrations of newer versions that are known to leave everything usable as it is. */
  accepted: Record<string, Migration> = {},
): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ ...accepted, ...migrations }) },
    allowUnorderedMigrations: Object.keys(accepted).length > 0,
  })
  const { error } = await migrator.migrateToLatest()
  if (!error) return
  if (/corrupted migrations|previously executed/.test(String(error))) {
    throw new Error('the data folder was written by a newer version of Launchtail; install that', {
      cause: error,
    })
  }
  throw error
}
