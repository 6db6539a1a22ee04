import type { Database } from '../../database/open.js'

/** How far something was sent, by its name. */
export interface Positions {
  of(name: string): Promise<string | undefined>
  store(name: string, position: string): Promise<void>
}

export function createPositions(database: Database): Positions {
  return {
    async of(name) {
      const row = await database
        .selectFrom('positions')
        .select('position')
        .where('name', '=', name)
        .executeTakeFirst()
      return row?.position
    },
    async store(name, position) {
      await database
        .insertInto('positions')
        .values({ name, position })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ position }))
        .execute()
    },
  }
}
