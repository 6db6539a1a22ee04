import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LogEntry } from '@launchtail/client/protocol'
import { readEntry } from '../../src/logs/entry-text.js'
import { redisLogStore } from '../../src/logs/redis/store.js'
import { openSqlite } from '../../src/sqlite.js'
import { removeFolder, temporaryFolder, waitFor } from './launching.js'
import type { Order, OwnerOptions } from './owner-process.js'
import { startRedis } from './processes.js'
import { FROM_SOURCES } from './program.js'
import { databaseUrlFor, openRecords } from './records.js'

const PROGRAM = fileURLToPath(new URL('./owner-process.ts', import.meta.url))

export interface Owner {
  readonly name: string
  readonly child: ChildProcess
  /** What it answers to an order; orders are carried out one after the other. */
  tell(order: Order): Promise<unknown>
  kill(): Promise<void>
  /** After `freeze`. */
  wake(): void
}

/** The records and logs that several servers share, and a way to start these. */
export async function startShared() {
  const folder = temporaryFolder()
  const redis = await startRedis()
  const store = await redisLogStore({ url: redis.url, retention: 3_600_000, pollInterval: 1000 })
  const file = join(folder, 'records.db')
  const databaseUrl = await databaseUrlFor(folder)
  const database = await openRecords(folder)
  const lock = databaseUrl === undefined ? await openSqlite(file, { timeout: 0 }) : undefined
  const children = new Set<ChildProcess>()
  return { folder, start, list, until, row, launched, freeze, killAll, close }

  async function start(
    options: Omit<OwnerOptions, 'folder' | 'redisUrl' | 'databaseUrl'>,
  ): Promise<Owner> {
    const given = JSON.stringify({
      ...{ ...options, folder, redisUrl: redis.url },
      ...(databaseUrl !== undefined && { databaseUrl }),
    } satisfies OwnerOptions)
    const child = fork(PROGRAM, [given], { execArgv: FROM_SOURCES })
    children.add(child)
    let last: Promise<unknown> = answerOf(child)
    await last
    return { name: options.owner, child, tell, kill, wake: () => void child.kill('SIGCONT') }

    function tell(order: Order): Promise<unknown> {
      last = last
        .catch(() => {})
        .then(() => {
          const answer = answerOf(child)
          child.send(order)
          return answer
        })
      return last
    }

    function kill(): Promise<void> {
      return end(child)
    }
  }

  async function list(nodeId: string): Promise<LogEntry[]> {
    return (await store.read(nodeId, 0, 100_000)).flatMap(
      (text) => (readEntry(text) as LogEntry | undefined) ?? [],
    )
  }

  async function until(nodeId: string, like: (entry: LogEntry) => boolean): Promise<LogEntry[]> {
    return waitFor(async () => {
      const entries = await list(nodeId)
      return entries.some(like) ? entries : undefined
    })
  }

  /** The node's newest launch. */
  function row(nodeId: string) {
    return database
      .selectFrom('launches')
      .selectAll()
      .where('node_id', '=', nodeId)
      .orderBy('created_at', 'desc')
      .executeTakeFirstOrThrow()
  }

  /** The nodes' ids, each of which must have a launch, and each launch its node. */
  async function launched(): Promise<string[]> {
    const nodes = await database.selectFrom('nodes').select('node_id').execute()
    const launches = await database.selectFrom('launches').select('node_id').execute()
    const ids = (rows: { node_id: string }[]) => rows.map((row) => row.node_id).sort()
    if (ids(nodes).join() !== ids(launches).join()) throw new Error('a node without its launch')
    return ids(launches)
  }

  /**
   * Stops a process, but not in the middle of a write to the one file that all of them write: that
   * would stop the others too, as a server that holds a lock in PostgreSQL would not for long.
   */
  async function freeze({ child }: Owner): Promise<void> {
    await waitFor(() => {
      child.kill('SIGSTOP')
      try {
        lock?.exec('begin immediate; rollback')
        return true
      } catch {
        child.kill('SIGCONT')
        return undefined
      }
    })
  }

  async function killAll(): Promise<void> {
    await Promise.all([...children].map(end))
    children.clear()
  }

  async function close(): Promise<void> {
    await killAll()
    lock?.close()
    await database.destroy()
    await store.close()
    await redis.kill()
    removeFolder(folder)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const gone = new AbortController()
  const left = once(child, 'exit', { signal: gone.signal }).then(
    () => [{ error: 'the process has ended' }],
    () => [],
  )
  try {
    const [said] = await Promise.race([once(child, 'message', { signal: gone.signal }), left])
    const { answer, error } = said as { answer?: unknown; error?: string }
    if (error !== undefined) throw new Error(error)
    return answer
  } finally {
    gone.abort()
  }
}
