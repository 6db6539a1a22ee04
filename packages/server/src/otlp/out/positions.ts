import type { Database } from '../../database/open.js'

/** How far something was sent, by its name. */
export interface Positions {
  of(name: string): Promise<string | undefined>
  store(name: string, position: string): Promise<void>
}

/** Each server has its own: those in the logs are places in its archive. */
export function createPositions(database: Database, server: string | undefined): Positions {
  const own = (name: string) => (server === undefined ? name : `${server} ${name}`)
  return {
    async of(name) {
      const row = await database
        .selectFrom('positions')
        .select('position')
        .where('name', '=', own(name))
        .executeTakeFirst()
      return row?.position
    },
    async store(name, position) {
      await database
        .insertInto('positions')
        .values({ name: own(name), position })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ position }))
        .execute()
    },
  }
}
