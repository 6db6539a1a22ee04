import type { Database } from './open.js'

/**
 * Something that all servers on one database must have in common: returns the value that the first of
 * them has proposed.
 */
export async function agreed(database: Database, name: string, proposed: string): Promise<string> {
  await database
    .insertInto('agreed')
    .values({ name, value: proposed })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { value } = await database
    .selectFrom('agreed')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return value
}
