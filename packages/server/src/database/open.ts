import { type Kysely, Migrator } from 'kysely'
import { migrations } from './migrations.js'
import type { Schema } from './schema.js'

export type Database = Kysely<Schema>

/** Brings the tables up to date. Throws if a newer version has already changed them. */
export async function migrate(database: Database): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
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
