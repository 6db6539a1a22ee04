import type { Sqlite } from '../../../sqlite.js'
import { COLUMNS, type StoredRow } from '../stored-row.js'

/** Gives a statement, which is prepared once. */
export type Prepare = (statement: string) => ReturnType<Sqlite['prepare']>

/**
 * Reads rows as two texts, which takes a third of the time that objects take: each value of an object
 * crosses over from the driver by itself. No entry's JSON has a line end in it.
 */
export function readPage(
  prepare: Prepare,
  conditions: string,
  values: readonly (string | number | null)[],
): StoredRow[] {
  const statement = prepare(
    `select group_concat(body, char(10)) as bodies, group_concat(
       id || ' ' || list || ' ' || idx || ' ' || ts || ' ' || level || ' ' || coalesce(checked, ''),
       char(10)) as heads
     from (select ${COLUMNS} from {entries} ${conditions} limit ?)`,
  )
  const { heads, bodies } = statement.get(...values) as Texts
  if (heads === null || bodies === null) return []
  const all = bodies.split('\n')
  return heads.split('\n').map((head, i) => rowOf(head.split(' '), all[i] ?? ''))
}

function rowOf([id, list, idx, ts, level, checked]: readonly string[], body: string): StoredRow {
  return {
    id: Number(id),
    list: Number(list),
    idx: Number(idx),
    ts: Number(ts),
    level: Number(level),
    checked: checked || null,
    body,
  }
}

interface Texts {
  readonly heads: string | null
  readonly bodies: string | null
}
