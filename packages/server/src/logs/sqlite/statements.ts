import type { Sqlite } from '../../sqlite.js'

export type ReadStatements = ReturnType<typeof prepareReads>
export type WriteStatements = ReturnType<typeof prepareWrites>

/** The rows that have entries of a list, ?1, from an index, ?2, up to another, ?3. */
const BETWEEN = `select idx, body from entries where list = ?1 and idx < ?3 and idx >= coalesce(
  (select idx from entries where list = ?1 and idx <= ?2 order by idx desc limit 1), ?2)`

/** Between rows, where texts of one row have a line end between them: JSON has neither in it. */
export const ROW_END = '\x1e'

/** As one text, because each row would become an object. */
function asOneText(rows: string): string {
  return `select min(idx) as first, group_concat(body, '${ROW_END}') as bodies from (${rows})`
}

/** For the connection that reads: it sees only what is committed. */
export function prepareReads(db: Sqlite) {
  return {
    list: db.prepare('select id, length from lists where node = ? and expires_at > ?'),
    /** List, the entries from and up to an index, rows at most. */
    first: db.prepare(asOneText(`${BETWEEN} order by idx limit ?4`)),
    /** The same, the last rows of these, the last one first: to sort them would take as long again. */
    last: db.prepare(asOneText(`${BETWEEN} order by idx desc limit ?4`)),
    offset: db.prepare('select position from marks where node = ? and name = ?'),
    one: db.prepare('select 1 from lists limit 1'),
  }
}

/** For the connection that writes. */
export function prepareWrites(db: Sqlite) {
  return {
    list: db.prepare('select id, length, expires_at from lists where node = ?'),
    last: db.prepare('select body from entries where list = ? order by idx desc limit 1'),
    create: db.prepare('insert into lists (node, length, expires_at) values (?, 0, ?)'),
    entry: db.prepare('insert into entries (list, idx, body) values (?, ?, ?)'),
    grow: db.prepare('update lists set length = ?, expires_at = ? where id = ?'),
    offsetOf: db.prepare('select position from marks where node = ? and name = ?'),
    offset: db.prepare(
      `insert into marks (node, name, position, expires_at) values (?, ?, ?, ?)
       on conflict (node, name) do update
       set position = excluded.position, expires_at = excluded.expires_at`,
    ),
    reply: db.prepare(
      'select digest, idx as "index", answer from replies where node = ? and key = ? and expires_at > ?',
    ),
    keep: db.prepare(
      `insert into replies (node, key, digest, idx, answer, expires_at) values (?, ?, ?, ?, ?, ?)
       on conflict (node, key) do update set digest = excluded.digest, idx = excluded.idx,
       answer = excluded.answer, expires_at = excluded.expires_at`,
    ),
    bury: db.prepare('insert into dead_lists (id) values (?)'),
    dropList: db.prepare('delete from lists where id = ?'),
    dropOffsets: db.prepare('delete from marks where node = ?'),
    dropReplies: db.prepare('delete from replies where node = ?'),
    expired: db.prepare('select id, node from lists where expires_at <= ?'),
    oldOffsets: db.prepare('delete from marks where expires_at <= ?'),
    oldReplies: db.prepare('delete from replies where expires_at <= ?'),
    dead: db.prepare('select id from dead_lists limit 1'),
    purge: db.prepare(
      `delete from entries where list = ? and idx in
       (select idx from entries where list = ? order by idx limit ?)`,
    ),
    buried: db.prepare('delete from dead_lists where id = ?'),
  }
}
