import { randomUUID } from 'node:crypto'
import type { Sqlite } from '../../../sqlite.js'
import { WORDS_VERSION } from '../facts.js'

/**
 * `lists` has a row for each list that a node has had: after its log has expired, a node begins a new
 * one. Entries before `kept_from` were removed for lack of room; `size` is what the others have in
 * characters. `entries` are numbered as they
 * arrive, so a list's own are in its order; numbers are not used twice. A body is the entry as it is
 * sent, or empty for what is none; `checked` is its check where that is of another text. `holes` has a
 * row for each list of which something was passed over; numbers are reserved for that.
 */
const TABLES = `
  create table if not exists facts (name text primary key, value text not null) without rowid;
  create table if not exists lists (
    id integer primary key autoincrement,
    node text not null,
    length integer not null,
    last_check text not null,
    failed integer not null,
    written_at integer not null,
    size integer not null default 0,
    kept_from integer not null default 0,
    removed integer not null default 0
  );
  create index if not exists lists_of_node on lists (node, id);
  create table if not exists entries (
    id integer primary key,
    list integer not null,
    idx integer not null,
    ts integer not null,
    level integer not null,
    checked text,
    body text not null
  );
  create unique index if not exists entries_of_list on entries (list, idx);
  create table if not exists blocks (
    block integer primary key,
    first_ts integer not null,
    last_ts integer not null
  );
  create table if not exists holes (
    list integer primary key,
    "from" integer not null,
    "to" integer not null,
    "check" text not null
  );
`

/**
 * The words of the entries up to the one named by the fact `indexed`. The texts themselves are not
 * kept a second time, nor the places of words: the predicate decides on the entry. The tokenizer
 * does nothing but cut at blanks, because the words have been cut already.
 */
const WORDS = `
  create virtual table if not exists words using fts5(
    word, content = '', contentless_delete = 1, detail = none,
    tokenize = "ascii tokenchars '=_'"
  );
`

/** Brings the tables up to date. Returns the archive's name. */
export function bringUpToDate(db: Sqlite): string {
  db.exec(TABLES)
  db.exec(WORDS)
  if (!factOf(db, 'name')) {
    setFact(db, 'name', randomUUID().slice(0, 8))
    setFact(db, 'words', WORDS_VERSION)
  }
  if (factOf(db, 'words') !== WORDS_VERSION) {
    db.exec('begin immediate')
    emptyWords(db)
    setFact(db, 'indexed', '0')
    setFact(db, 'words', WORDS_VERSION)
    db.exec('commit')
  }
  return factOf(db, 'name') as string
}

export function emptyWords(db: Sqlite): void {
  db.exec('drop table words')
  db.exec(WORDS)
}

function factOf(db: Sqlite, name: string): string | undefined {
  const row = db.prepare('select value from facts where name = ?').get(name)
  return (row as { value: string } | undefined)?.value
}

function setFact(db: Sqlite, name: string, value: string): void {
  db.prepare('insert or replace into facts (name, value) values (?, ?)').run(name, value)
}
