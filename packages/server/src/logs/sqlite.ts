import { setImmediate as nextTurn } from 'node:timers/promises'
import { StorageFull, StorageUnavailable } from '../errors.js'
import { openSqlite, type Sqlite, sqliteFault } from '../sqlite.js'
import { checkBefore } from './check.js'
import type { Appended, AppendHow, LogStore } from './store.js'
import { createWatchers } from './watchers.js'

export interface SqliteLogStoreOptions {
  file: string
  /** Milliseconds a list is kept after its last append. */
  retention: number
  /** Milliseconds since 1970 that never step: retention must not follow a clock that is set. */
  now?: () => number
}

const REPLY_KEPT = 24 * 3_600_000
const SWEEP_EVERY = 60_000
/** Rows written or deleted before other work gets its turn: about 10 ms. */
const SLICE = 1000

interface Job {
  readonly nodeId: string
  readonly texts: readonly string[]
  readonly how: AppendHow
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

interface List {
  id: number
  length: number
}

/**
 * The embedded store: one SQLite file that only this process writes.
 *
 * Appends of one turn share a transaction, and a long one is written in slices, so the loop is
 * never held for long. Readers have a connection of their own, which sees only what is committed.
 */
export async function sqliteLogStore({
  file,
  retention,
  // Set once at the start of the process and counted on from there by the monotonic clock.
  now = () => performance.timeOrigin + performance.now(),
}: SqliteLogStoreOptions): Promise<LogStore> {
  const writer = await openSqlite(file)
  writer.exec(TABLES)
  const reader = await openSqlite(file)
  const write = writes(writer)
  const find = reads(reader)
  const watchers = createWatchers()
  const queue: Job[] = []
  let closed = false
  /** All that writes goes one after the other through here. */
  let writing: Promise<void> = Promise.resolve()
  const sweeper = setInterval(() => void exclusively(sweep).catch(() => {}), SWEEP_EVERY)
  sweeper.unref()
  void exclusively(purge).catch(() => {})

  return {
    append: (nodeId, texts, how = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new StorageUnavailable('closed'))
        queue.push({ nodeId, texts, how, resolve, reject })
        // The first of a turn's appends starts the transaction for all of them.
        if (queue.length === 1) void exclusively(flush)
      }),
    read: (nodeId, from, limit) =>
      attempt(() => {
        const list = find.list.get(nodeId, now()) as List | undefined
        if (!list || limit <= 0) return []
        const { bodies } = find.entries.get(list.id, from, Math.min(limit, list.length)) as Bodies
        return bodies === null ? [] : bodies.split('\n')
      }),
    length: (nodeId) =>
      attempt(() => (find.list.get(nodeId, now()) as List | undefined)?.length ?? 0),
    offset: (nodeId, name) =>
      attempt(
        () => (find.offset.get(nodeId, name) as { position: number } | undefined)?.position ?? 0,
      ),
    async remove(nodeId) {
      await exclusively(() => transaction(() => void forget(nodeId)))
      for (const watcher of watchers.of(nodeId)) watcher.removed()
      void exclusively(purge).catch(() => {})
    },
    watch(nodeId, watcher) {
      watchers.add(nodeId, watcher)
      return () => watchers.delete(nodeId, watcher)
    },
    ping: () => attempt(() => void find.one.get()),
    async close() {
      if (closed) return
      closed = true
      clearInterval(sweeper)
      await exclusively(() => {})
      writer.close()
      reader.close()
    },
  }

  function exclusively<T>(act: () => T | Promise<T>): Promise<T> {
    const done = writing.then(act)
    writing = done.then(
      () => {},
      () => {},
    )
    return done
  }

  async function flush(): Promise<void> {
    // Lets every append of this turn join.
    await nextTurn()
    while (queue.length > 0) {
      const jobs = takeSome()
      try {
        settle(jobs, await transaction(() => carryOut(jobs)))
      } catch (error) {
        if (jobs.length === 1) jobs[0]?.reject(translate(error))
        // What was too much for the disk together may fit one by one.
        else for (const job of jobs) await alone(job)
      }
    }
  }

  async function alone(job: Job): Promise<void> {
    try {
      settle([job], await transaction(() => carryOut([job])))
    } catch (error) {
      job.reject(translate(error))
    }
  }

  function takeSome(): Job[] {
    let rows = 0
    let count = 0
    while (count < queue.length && (count === 0 || rows < SLICE)) {
      rows += queue[count]?.texts.length ?? 0
      count += 1
    }
    return queue.splice(0, count)
  }

  function settle(jobs: readonly Job[], results: readonly Result[]): void {
    jobs.forEach((job, i) => {
      const { appended, previous } = results[i] as Result
      job.resolve(appended)
      if (appended.outcome !== 'stored' || job.texts.length === 0) return
      const news = { index: appended.index, previous, texts: job.texts }
      for (const watcher of watchers.of(job.nodeId)) watcher.appended(news)
    })
  }

  async function transaction<T>(act: () => T | Promise<T>): Promise<T> {
    writer.exec('begin immediate')
    try {
      const result = await act()
      writer.exec('commit')
      return result
    } catch (error) {
      if (writer.isTransaction) writer.exec('rollback')
      throw error
    }
  }

  async function carryOut(jobs: readonly Job[]): Promise<Result[]> {
    const results: Result[] = []
    for (const job of jobs) results.push(await store(job))
    return results
  }

  async function store({ nodeId, texts, how }: Job): Promise<Result> {
    const { precondition, offset, once, fence } = how
    if (once) {
      const kept = write.reply.get(nodeId, once.key, now())
      if (kept) return { appended: { outcome: 'replayed', ...(kept as Reply) } }
    }
    const newest = fence ? positionOf(nodeId, fence.name) : 0
    if (fence && newest > fence.token) return { appended: { outcome: 'fenced' } }
    if (offset) {
      const position = positionOf(nodeId, offset.name)
      if (position !== offset.from) return { appended: { outcome: 'elsewhere', position } }
    }
    const list = open(nodeId, texts.length > 0)
    const last =
      list.length > 0 ? (write.last.get(list.id, list.length - 1) as Body).body : undefined
    if (precondition && (precondition.length !== list.length || precondition.last !== last)) {
      return { appended: { outcome: 'moved' } }
    }
    for (let i = 0; i < texts.length; i += 1) {
      if (i > 0 && i % SLICE === 0) await nextTurn()
      write.entry.run(list.id, list.length + i, texts[i] as string)
    }
    if (texts.length > 0) write.grow.run(list.length + texts.length, now() + retention, list.id)
    if (offset) write.offset.run(nodeId, offset.name, offset.to, now() + retention)
    // One that has expired comes back with the next append.
    if (fence && newest < fence.token) {
      write.offset.run(nodeId, fence.name, fence.token, now() + retention)
    }
    if (once) {
      write.keep.run(nodeId, once.key, once.digest, list.length, once.answer, now() + REPLY_KEPT)
    }
    return { appended: { outcome: 'stored', index: list.length }, previous: checkBefore(last) }
  }

  function positionOf(nodeId: string, offset: string): number {
    return (write.offsetOf.get(nodeId, offset) as { position: number } | undefined)?.position ?? 0
  }

  /** The node's list; where it has expired or there is none, a new one. */
  function open(nodeId: string, create: boolean): List {
    const kept = write.list.get(nodeId) as (List & { expires_at: number }) | undefined
    if (kept && kept.expires_at > now()) return kept
    if (!create) return { id: -1, length: 0 }
    if (kept) forgetList(kept.id)
    const { lastInsertRowid } = write.create.run(nodeId, now() + retention)
    return { id: Number(lastInsertRowid), length: 0 }
  }

  function forgetList(id: number): void {
    write.bury.run(id)
    write.dropList.run(id)
  }

  function forget(nodeId: string): void {
    const list = write.list.get(nodeId) as List | undefined
    if (list) forgetList(list.id)
    write.dropOffsets.run(nodeId)
    write.dropReplies.run(nodeId)
  }

  async function sweep(): Promise<void> {
    const expired = write.expired.all(now()) as { id: number; node: string }[]
    await transaction(() => {
      for (const list of expired) forgetList(list.id)
      write.oldOffsets.run(now())
      write.oldReplies.run(now())
    })
    for (const list of expired) for (const watcher of watchers.of(list.node)) watcher.changed()
    await purge()
  }

  /** Deletes the entries of forgotten lists, a slice a turn. */
  async function purge(): Promise<void> {
    for (;;) {
      const dead = write.dead.get() as { id: number; length: number } | undefined
      if (!dead || closed) return
      const { changes } = write.purge.run(dead.id, dead.id, SLICE)
      if (Number(changes) < SLICE) write.buried.run(dead.id)
      await nextTurn()
    }
  }
}

interface Result {
  appended: Appended
  previous?: string
}
type Body = { body: string }
type Bodies = { bodies: string | null }
type Reply = { digest: string; index: number; answer: string }

async function attempt<T>(act: () => T): Promise<T> {
  try {
    return act()
  } catch (error) {
    throw translate(error)
  }
}

function translate(error: unknown): unknown {
  const fault = sqliteFault(error)
  if (fault === 'full') return new StorageFull(error)
  if (fault === 'unavailable') return new StorageUnavailable(error)
  return error
}

/**
 * `entries` is clustered by list and index, so that a tail is one short read. A list that is
 * removed leaves its entries to `dead_lists`, from where they are deleted a slice at a time.
 */
const TABLES = `
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

function reads(db: Sqlite) {
  return {
    list: db.prepare('select id, length from lists where node = ? and expires_at > ?'),
    // As one text, for a row is an object each; no entry has a line end in its JSON.
    entries: db.prepare(
      `select group_concat(body, char(10)) as bodies from
       (select body from entries where list = ? and idx >= ? order by idx limit ?)`,
    ),
    offset: db.prepare('select position from marks where node = ? and name = ?'),
    one: db.prepare('select 1 from lists limit 1'),
  }
}

function writes(db: Sqlite) {
  return {
    list: db.prepare('select id, length, expires_at from lists where node = ?'),
    last: db.prepare('select body from entries where list = ? and idx = ?'),
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
