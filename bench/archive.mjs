// Looks into an archive beside its server: into its file, or into PostgreSQL.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import pg from 'pg'

/** Bytes of the archive, and of its indexes: of words, and of entries by list. */
export async function sizesOf(server) {
  if (server.postgres) {
    const [row] = await ask(
      server.postgres.url,
      `select sum(pg_total_relation_size(oid)) as all, sum(pg_indexes_size(oid)) as indexes,
         pg_table_size('archive_words') as words from pg_class where relname like 'archive_%' and relkind = 'r'`,
    )
    return { all: Number(row.all), index: Number(row.indexes) + Number(row.words) }
  }
  return reading(server, (db) => {
    const parts = db.prepare('select name, sum(pgsize) as size from dbstat group by name').all()
    const sum = (some) => some.reduce((total, { size }) => total + size, 0)
    const isTable = ({ name }) => ['entries', 'lists', 'facts'].includes(name)
    return { all: sum(parts), index: sum(parts.filter((part) => !isTable(part))) }
  })
}

/** How many of so many entries are not in the index of words yet. */
export async function behindOf(server, entries) {
  const { indexed = 0 } = await factsOf(server)
  return Math.max(0, entries - Number(indexed))
}

/** Resolves when nothing was taken in and indexed for three seconds. */
export async function untilIndexed(server) {
  for (let still = 0, before = ''; still < 6; await sleep(500)) {
    const now = await stateOf(server)
    still = now === before ? still + 1 : 0
    before = now
  }
}

async function stateOf(server) {
  if (!server.postgres) return String(statSync(join(server.folder, 'archive.db-wal')).mtimeMs)
  return JSON.stringify(await factsOf(server))
}

async function factsOf(server) {
  const select = 'select name, value from'
  const rows = server.postgres
    ? await ask(server.postgres.url, `${select} archive_facts`)
    : reading(server, (db) => db.prepare(`${select} facts`).all())
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

function reading({ folder }, act) {
  const db = new DatabaseSync(join(folder, 'archive.db'), { readOnly: true })
  try {
    return act(db)
  } finally {
    db.close()
  }
}

async function ask(url, text) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
