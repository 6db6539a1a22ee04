/**
 * A row of `entries` is the entries of one append, up to some size: one a line, for no entry's JSON has a
 * line end in it. `idx` is the index of the first. Clustered by list and index, so a tail is one short read. A removed list leaves its
 * entries to `dead_lists`; they are deleted from there, a slice at a time.
 */
export const TABLES = `
  create table if not exists lists (
    id integer primary key autoincrement,
    node text not null unique,
    length integer not null,
    expires_at integer not null
  );
  create table if not exists entries (
    list integer not null,
    idx integer not null,
    body text not null,
    primary key (list, idx)
  ) without rowid;
  create table if not exists dead_lists (id integer primary key);
  create table if not exists marks (
    node text not null,
    name text not null,
    position integer not null,
    expires_at integer not null,
    primary key (node, name)
  ) without rowid;
  create table if not exists replies (
    node text not null,
    key text not null,
    digest text not null,
    idx integer not null,
    answer text not null,
    expires_at integer not null,
    primary key (node, key)
  ) without rowid;
`
