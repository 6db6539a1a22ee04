import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEntry } from '@launchtail/client/protocol'
import type { Database } from '../../src/database/open.js'
import type { Launcher } from '../../src/launch/launcher.js'
import type { LimitSettings } from '../../src/launch/limits/limits.js'
import { localLauncher } from '../../src/launch/local/launcher.js'
import { createOrchestrator } from '../../src/launch/orchestrator.js'
import type { OrchestratorOptions } from '../../src/launch/orchestrator-options.js'
import { identify } from '../../src/launch/supervised/processes.js'
import { createAppender } from '../../src/logs/appender.js'
import { readEntry } from '../../src/logs/entry-text.js'
import { redisLogStore } from '../../src/logs/redis/store.js'
import { sqliteLogStore } from '../../src/logs/sqlite/store.js'
import type { LogStore } from '../../src/logs/store.js'
import { createRegistry } from '../../src/nodes/registry.js'
import { createNodeSecrets } from '../../src/output/node-secrets.js'
import { createRedactor } from '../../src/output/redact/index.js'
import { redisUrlFor } from './processes.js'
import { openRecords } from './records.js'

const KEY = Buffer.alloc(32, 7)

export interface ServerOptions {
  folder: string
  env?: Record<string, string | undefined>
  passEnv?: string[]
  launchTimeout?: number
  enabled?: boolean
  launchers?: (local: Launcher) => Launcher[]
  /** Its name among the processes that share the database. */
  owner?: string
  /** The length of a lease, in milliseconds. */
  lease?: number
  /** Where the logs are, if not in the folder. */
  redisUrl?: string
  /** Where the records are, if not in the folder. */
  databaseUrl?: string
  takeDowns?: OrchestratorOptions['takeDowns']
  limits?: LimitSettings
  costs?: OrchestratorOptions['costs']
  budget?: number
  isShared?: boolean
  /** The time as its launches see it. */
  now?: () => Date
  attemptPauses?: { first: number; longest: number }
  store?: (store: LogStore) => LogStore
  database?: (database: Database) => Database
}

/** What a server's process has of the launches; a second one of its name and folder succeeds it. */
export async function startLaunching({
  folder,
  env = process.env,
  passEnv = [],
  launchTimeout = 60_000,
  enabled = true,
  launchers = (local) => [local],
  owner = 'server',
  lease,
  redisUrl,
  databaseUrl,
  takeDowns = { look: 20, first: 20, longest: 100 },
  store: wrap = (store) => store,
  database: wrapRecords = (database) => database,
  ...more
}: ServerOptions) {
  const records = await openRecords(folder, databaseUrl)
  const database = wrapRecords(records)
  const retention = 3_600_000
  const url = redisUrl ?? (await redisUrlFor(folder))
  const real = url
    ? await redisLogStore({ url, retention, pollInterval: 100 })
    : await sqliteLogStore({ file: join(folder, 'logs.db'), retention })
  const store = wrap(real)
  const registry = createRegistry({ database, store, ...(more.now && { now: more.now }) })
  const secrets = createNodeSecrets()
  const redactors = new Map<string, ReturnType<typeof createRedactor>>()
  const appender = createAppender({
    store,
    maxEntries: 100_000,
    before: async (nodeId) => registry.get(nodeId),
    redact(nodeId, text) {
      const values = secrets.of(nodeId)
      const known = redactors.get(values.join()) ?? createRedactor({ values })
      redactors.set(values.join(), known)
      return known.redact(text)
    },
    onAppended: registry.appended,
  })
  const faults: unknown[] = []
  const notices: string[] = []
  const orchestrator = createOrchestrator({
    database,
    store,
    appender,
    registry,
    launchers: launchers(
      localLauncher({ env, passEnv, launchTimeout, enabled, probeInterval: 20 }),
    ),
    folder: join(folder, 'launches'),
    key: KEY,
    clusterPrefix: 'cic',
    owner,
    secrets,
    ...(lease !== undefined && { lease }),
    onFault: (message, error) => faults.push({ message, error }),
    onNotice: (message) => notices.push(message),
    takeDowns,
    limitsEvery: 20,
    idleEvery: 20,
    groupsEvery: 50,
    servicesEvery: 50,
    ...more,
  })
  return {
    ...{ database, store, appender, registry, orchestrator, secrets, faults, notices },
    ...{ list, until, stop },
  }

  async function list(nodeId: string): Promise<LogEntry[]> {
    return (await real.read(nodeId, 0, 100_000)).flatMap(
      (text) => (readEntry(text) as LogEntry | undefined) ?? [],
    )
  }

  /** The node's list as soon as an entry is like this. */
  async function until(nodeId: string, like: (entry: LogEntry) => boolean): Promise<LogEntry[]> {
    return waitFor(async () => {
      const entries = await list(nodeId)
      return entries.some(like) ? entries : undefined
    })
  }

  async function stop(): Promise<void> {
    try {
      await orchestrator.close()
      await registry.flush()
    } finally {
      await real.close()
      await records.destroy()
    }
  }
}

export async function waitFor<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let left = 1500; left > 0; left -= 1) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come to pass within 15 s')
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-'))
  mkdirSync(join(folder, 'launches'))
  return folder
}

export function removeFolder(folder: string): void {
  // A process that is ending may write its last file into it meanwhile.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** All that is written anywhere below a folder. */
export function contentOf(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('\n')
}

/** Whether the process with this number is gone. */
export async function gone(pid: number): Promise<true> {
  return waitFor(() => (identify(pid) ? undefined : true))
}

/** A model server in one line of shell: it answers after so many milliseconds, and says so. */
export function serverScript({ after = 0, says = 'serving', afterwards = '' } = {}): string {
  const code = `setTimeout(() => require('node:http').createServer((q, s) => {
    s.statusCode = q.url === '/health' ? 200 : 404; s.end()
  }).listen(process.env.PORT, '127.0.0.1', () => { ${says && `console.log('${says}');`} ${afterwards} }), ${after})`
  return `exec node -e "${code.replaceAll('\n', ' ')}"`
}

export function task({ setup, run, ...more }: Record<string, unknown>): string {
  return JSON.stringify({ ...(setup !== undefined && { setup }), run, ...more })
}
