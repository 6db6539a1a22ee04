import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { LogEntry } from '@launchtail/client/protocol'
import { pino } from 'pino'
import { CODE_FOLDER } from './code-folder.js'
import { type Config, isLoopback } from './config.js'
import { openDataFolder } from './data-folder.js'
import { migrate } from './database/open.js'
import { sqliteDatabase } from './database/sqlite.js'
import { StartError } from './errors.js'
import { createApp } from './http/app.js'
import { authenticator } from './http/auth.js'
import { mountDocs } from './http/routes/docs.js'
import { mountFleetStream } from './http/routes/fleet-stream.js'
import { mountIngest } from './http/routes/ingest.js'
import { mountLogs } from './http/routes/logs.js'
import { mountNodes } from './http/routes/nodes.js'
import { mountOps } from './http/routes/ops.js'
import { mountPage } from './http/routes/page.js'
import { mountStats } from './http/routes/stats.js'
import { mountStream } from './http/routes/stream.js'
import { createRawOutput } from './ingest/raw-output.js'
import type { Launcher } from './launch/launcher.js'
import { localLauncher } from './launch/local/launcher.js'
import { createOrchestrator } from './launch/orchestrator.js'
import { skypilotLauncher } from './launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from './launch/skypilot/cli/launcher.js'
import { createAppender } from './logs/appender.js'
import { readEntry } from './logs/entry-text.js'
import { sqliteLogStore } from './logs/sqlite/store.js'
import type { LogStore } from './logs/store.js'
import { createMetrics } from './metrics.js'
import { createRegistry } from './nodes/registry.js'
import { startStallMonitor } from './nodes/stall-monitor.js'
import { createSecrecy } from './output/secrecy.js'
import { createFeeds } from './stream/feeds.js'
import { createFleet } from './stream/fleet/fleet.js'
import { adminTokens } from './tokens.js'

export interface Server {
  /** Where it is reached, without a slash at the end. */
  readonly url: string
  /** A token it takes. */
  readonly token: string
  /** The admin token, where it was made at this start. */
  readonly madeToken: string | undefined
  /** The made token's file, where there is one. */
  readonly tokenFile: string | undefined
  /**
   * Ends in order: requests are served for a while, streams end evenly, what was taken is stored.
   * Launches live on and are taken up at the next start.
   */
  close(): Promise<void>
}

/** How often the records are compared with the lists. */
const CATCH_UP_EVERY = 5000
/** How long the start waits for that; a storage that is away must not keep it. */
const START_CATCH_UP = 500
/** How long requests under way may take once the streams have ended, in milliseconds. */
const LAST_REQUESTS = 1000

/** Starts the server. Throws StartError with one sentence where it cannot. */
export async function startServer(
  config: Config,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Server> {
  const logger = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }))
  const folder = await openDataFolder(config.dataDir)
  const tokens = await adminTokens(config.adminTokens, folder)
  const authenticate = authenticator(tokens.values)
  const metrics = createMetrics(() => feeds.readers() + fleet.readers())
  const onFault = (what: string, error?: unknown) => {
    metrics.faults.inc()
    logger.warn({ err: error }, what)
  }

  const store = await openStore()
  const database = await sqliteDatabase(folder.file('records.db'))
  await migrate(database).catch((error) => {
    throw new StartError(error.message, { cause: error })
  })
  const own = [...tokens.values, ...skypilotSecrets(config)]
  const secrecy = createSecrecy(own, (nodeId) => orchestrator.secretsOf(nodeId))
  const registry = createRegistry({ database, store, redact: secrecy.redactOwn, onFault })
  // The embedded store's entries are all our own, and were redacted before they were stored.
  const readText = config.redisUrl ? readForeign : readEntry
  const appender = createAppender({
    store,
    maxEntries: config.maxEntries,
    before: (nodeId) => registry.get(nodeId),
    redact: secrecy.redact,
    onAppended(nodeId, index, entries) {
      metrics.appended.inc(entries.length)
      registry.appended(nodeId, index, entries)
    },
    onLeftOut: (_nodeId, count) => metrics.leftOut.inc(count),
  })
  const local = localLauncher({
    env,
    passEnv: config.localEnv,
    ownSecrets: own,
    launchTimeout: config.launchTimeout,
    enabled: config.localLauncher ?? isLoopback(config.host),
  })
  const key = await folder.secret('secrets-key', 32)
  // The folder's lock lets only one living process have its name.
  const owner = await folder.secret('name', 12)
  const orchestrator = createOrchestrator({
    database,
    store,
    appender,
    registry,
    launchers: [local, ...throughSkypilot(config, env, own, (notice) => logger.warn(notice))],
    folder: folder.file('launches'),
    key: Buffer.from(key.value, 'base64url'),
    clusterPrefix: config.clusterPrefix,
    owner: owner.value,
    ownSecrets: own,
    onFault,
  })
  const stallMonitor = startStallMonitor({ registry, store, appender, onFault })
  const feeds = createFeeds({
    store,
    readText,
    heartbeat: config.heartbeat,
    timeout: config.streamTimeout,
    storageGrace: config.storageGrace,
    onSkipped: () => metrics.skipped.inc(),
  })
  const fleet = createFleet({
    registry,
    heartbeat: config.heartbeat,
    timeout: config.streamTimeout,
    onFault,
  })
  const rawOutput = createRawOutput({
    appender,
    store,
    redactorFor: secrecy.redactorFor,
    storageGrace: config.storageGrace,
  })

  let closing = false
  const { host, allowedHosts } = config
  const app = await createApp({
    authenticate,
    host,
    allowedHosts,
    logger,
    isClosing: () => closing,
  })
  mountStream(app, { feeds, registry })
  mountFleetStream(app, { fleet })
  mountLogs(app, { store, readText, registry })
  mountIngest(app, { appender, registry, store, rawOutput })
  mountNodes(app, { registry, store, appender, launches: orchestrator })
  mountStats(app, { registry })
  mountOps(app, { ready, metrics: metrics.registry, authenticate, host })
  mountDocs(app, { version: await version() })
  mountPage(app)

  // Before anybody asks: which launches run, and what their secrets are.
  await orchestrator.resume()
  await Promise.race([catchUp(), pause(START_CATCH_UP)])
  try {
    await app.listen({ host, port: config.port })
  } catch (error) {
    throw new StartError(`cannot listen on ${host}:${config.port}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const catchingUp = setInterval(catchUp, CATCH_UP_EVERY)
  catchingUp.unref()

  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    token: tokens.values[0] as string,
    madeToken: tokens.made,
    tokenFile: config.adminTokens ? undefined : folder.file('admin-token'),
    close,
  }

  async function openStore(): Promise<LogStore> {
    const { redisUrl: url, retention, pollInterval, redisWait: wait } = config
    if (!url) return sqliteLogStore({ file: folder.file('logs.db'), retention })
    // Only where it is used: it takes a tenth of the start.
    const { redisLogStore } = await import('./logs/redis/store.js')
    return redisLogStore({ url, retention, pollInterval, wait, onFault })
  }

  function readForeign(text: string): LogEntry | undefined {
    const entry = readEntry(text)
    return entry && secrecy.redactEntry(entry)
  }

  async function catchUp(): Promise<void> {
    await registry.catchUp().catch((error) => onFault('catching up', error))
  }

  async function ready(): Promise<void> {
    if (closing) throw new StartError('the server is stopping')
    await store.ping()
  }

  async function close(): Promise<void> {
    closing = true
    clearInterval(catchingUp)
    await pause(config.drainDelay)
    const streams = Promise.all([feeds.drain(config.drain), fleet.drain(config.drain)])
    const closed = app.close()
    await streams
    const cut = setTimeout(() => app.server.closeAllConnections(), LAST_REQUESTS)
    await closed
    clearTimeout(cut)
    await stallMonitor.stop()
    await orchestrator.close()
    await registry.flush()
    await store.close()
    await database.destroy()
    folder.unlock()
  }
}

/** The API server where one is set; else the `sky` command, which looks after its own in any case. */
function throughSkypilot(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  ownSecrets: readonly string[],
  onNotice: (message: string) => void,
): Launcher[] {
  const { skypilotEndpoint: endpoint, skypilotToken: token, launchTimeout } = config
  const { vllmVersion: vllm, uvVersion: uv, pythonVersion: python } = config
  const versions = { vllm, uv, python }
  const command = skyCommandLauncher({
    ...{ env, versions, ownSecrets, launchTimeout, enabled: !endpoint },
  })
  return endpoint
    ? [skypilotLauncher({ endpoint, token, versions, launchTimeout, onNotice }), command]
    : [command]
}

/** What opens the API server, which must not show up in a log either. */
function skypilotSecrets({ skypilotEndpoint, skypilotToken }: Config): string[] {
  const password = skypilotEndpoint ? decodeURIComponent(new URL(skypilotEndpoint).password) : ''
  return [skypilotToken, password].filter((value): value is string => Boolean(value))
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', CODE_FOLDER), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
