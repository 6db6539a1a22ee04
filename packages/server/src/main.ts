import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '@launchtail/client/protocol'
import type { Logger } from 'pino'
import { writeAddress } from './address-file.js'
import { type AdminTokens, adminTokens } from './admin-tokens.js'
import { createRepeats, type Repeats } from './async/repeats.js'
import type { Config } from './config.js'
import { type DataFolder, openDataFolder } from './data-folder.js'
import { agreed } from './database/agreed.js'
import { type Changes, NO_CHANGES } from './database/changes.js'
import { type Duty, SOLE_DUTY, takeDuty } from './database/duty.js'
import { type Database, migrate } from './database/open.js'
import { passwordIn } from './database/postgres/url.js'
import { emptyJournal, sqliteDatabase } from './database/sqlite.js'
import { type DiskReserve, openDiskReserve } from './disk-reserve.js'
import { StartError, StorageFull, StorageUnavailable } from './errors.js'
import { type Archive, type ArchiveOptions, createArchive } from './find/archive/archive.js'
import { asShown, asStored } from './find/archive/to-be-archived.js'
import { readQuery } from './find/read-query.js'
import { createSlowEntries, type SlowEntries } from './find/slow-entries.js'
import { createRawOutput } from './ingest/raw-output.js'
import { createAskedAt } from './launch/asked-at.js'
import { type HealthMonitor, startHealthMonitor } from './launch/health/monitor.js'
import { createHealthTargets } from './launch/health/targets.js'
import type { Launcher } from './launch/launcher.js'
import type { LimitSettings } from './launch/limits/limits.js'
import { localLauncher } from './launch/local/launcher.js'
import type { NodeAccess } from './launch/node-access.js'
import { createOrchestrator, type Orchestrator } from './launch/orchestrator.js'
import { type ReadyMonitor, startReadyMonitor } from './launch/ready-monitor.js'
import { skypilotLauncher } from './launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from './launch/skypilot/cli/launcher.js'
import { describeApi } from './launch/skypilot/describe/api.js'
import { describeCommand } from './launch/skypilot/describe/command.js'
import { createLogger } from './logger.js'
import { createAppender } from './logs/appender.js'
import { type ReadText, readEntry } from './logs/entry-text.js'
import { sqliteLogStore } from './logs/sqlite/store.js'
import type { LogStore } from './logs/store.js'
import { isLoopback } from './loopback.js'
import { launchCounter } from './metrics/count-launch.js'
import { type Counts, createCounts } from './metrics/counts.js'
import type { Metrics } from './metrics/index.js'
import { createEnds } from './nodes/ends/ends.js'
import { type LostMonitor, startLostMonitor } from './nodes/ends/lost-monitor.js'
import { createSigns } from './nodes/ends/signs.js'
import { createGroupReads } from './nodes/groups/group-reads.js'
import { createGroupRows } from './nodes/groups/group-rows.js'
import { createLatencies } from './nodes/latencies.js'
import { createLaunchChanges } from './nodes/launch-changes.js'
import { createLooks } from './nodes/looks/looks.js'
import { createOwnership, type Ownership } from './nodes/ownership.js'
import { createRegistry } from './nodes/registry.js'
import { createSentIn } from './nodes/sent-in.js'
import type { SkyPilot } from './nodes/skypilot.js'
import { type StallMonitor, startStallMonitor } from './nodes/stall-monitor.js'
import { openStreamTickets } from './nodes/stream-tickets.js'
import { createNotify, type Notify } from './notify/notify.js'
import { createOtlpIntake } from './otlp/in/receive.js'
import { type Exporter, startExporter } from './otlp/out/exporter.js'
import { createPositions } from './otlp/out/positions.js'
import { receiverOf, receiverSecrets } from './otlp/out/receiver.js'
import { createNodeSecrets, type NodeSecrets } from './output/node-secrets.js'
import { maskLastRow } from './output/redact/key-lines.js'
import { createSecrecy, type Secrecy } from './output/secrecy.js'
import { type Audit, createAudit } from './rights/audit/audit.js'
import { createLaunchTokens } from './rights/launch-tokens.js'
import { openTokens, type Tokens } from './rights/tokens.js'
import { serverVersion } from './server-version.js'
import { createServing } from './serving.js'
import { createFeeds } from './stream/feeds.js'
import { createFleet } from './stream/fleet/fleet.js'
import { createMerged } from './stream/merged/merged.js'
import type { StreamObserver } from './stream/observer.js'
import { createPastLaunches } from './stream/past-launches.js'
import { pastStore } from './stream/past-store.js'
import type { Place } from './workers/place.js'

export interface Server {
  /** The address of the server, without a slash at the end. */
  readonly url: string
  /** A token that it accepts. */
  readonly token: string
  /** The admin token, if it was created at this start. */
  readonly madeToken: string | undefined
  /** The file that keeps the created token, if there is one. */
  readonly tokenFile: string | undefined
  /** Logs that the server listens, for whoever reads the log alone. Called after the greeting. */
  logStart(): void
  /**
   * Ends in order: requests are served for a while, streams end evenly, and what was accepted is
   * stored. Launches live on and are taken up at the next start.
   */
  close(): Promise<void>
}

/** How often the records are compared with the lists, in milliseconds. */
const CATCH_UP_EVERY = 5000
/** How long the start waits for that: it must not wait for a storage that is out of reach. */
const START_CATCH_UP = 500

type Env = Readonly<Record<string, string | undefined>>

/** One of several processes that serve one port. */
export interface AsWorker {
  readonly place: Place
  /** The metrics of all of them, instead of its own. */
  shareMetrics(own: Metrics): Metrics
}

const ALONE: AsWorker = {
  place: { number: 1, count: 1, restarts: 0 },
  shareMetrics: (own) => own,
}

/** Starts the server. Throws a StartError with one sentence if it cannot. */
export async function startServer(
  config: Config,
  env: Env = process.env,
  { place, shareMetrics } = ALONE,
): Promise<Server> {
  const base = await openBase(config, env, place)
  const storage = await openStorage(base)
  const records = await openRecords(base, storage)
  const tokens = await openTokens({ ...storage, onFault: base.onFault })
  let ownUrl: string | undefined
  const access = accessOf(base, tokens, () => ownUrl)
  const orchestrator = openLaunching(base, storage, { ...records, access })
  // One sends everything.
  const exporter = place.number === 1 ? await openExporter(base, storage, records) : undefined
  const { sentIn, signs, ends, ...monitors } = await openEnds(base, storage, records, orchestrator)
  const audit = openAudit(base, storage)
  const serving = await createServing({
    ...base,
    ...storage,
    ...records,
    ...openStreams(base, storage, records),
    adminTokens: base.tokens.values,
    tokens,
    audit,
    launches: orchestrator,
    groups: orchestrator.groups,
    ...groupsIn(storage, records),
    leases: orchestrator.runningCount,
    ...{ place, shareMetrics },
    webhooks: records.notify.webhooks,
    openTickets: (isKnownCaller) =>
      openStreamTickets({ ...storage, isKnownCaller, onFault: base.onFault }),
    skypilot: skypilotOf(base),
    sentIn,
    signs,
    ends,
  })
  // Before the first request: which launches run, and what their secrets are.
  watchChanges(base, storage, { ...records, orchestrator })
  await orchestrator.resume()
  const catchingUp = await keepCatchingUp(base, records)
  const url = await serving.listen()
  ownUrl = url
  const address = await writeAddress(base.folder.file('url'), url)
  await storage.ownership.announce(`${url} on ${hostname()}`)
  return {
    url,
    token: base.tokens.values[0] as string,
    madeToken: base.tokens.made,
    tokenFile: config.adminTokens ? undefined : base.folder.file('admin-token'),
    logStart: () => base.logger.info(`listening at ${url}`),
    async close() {
      clearInterval(catchingUp)
      await address.remove()
      storage.ownership.stop()
      storage.reserve.close()
      await serving.close()
      tokens.stop()
      await audit.stop()
      await exporter?.stop()
      await closeAll(base, { ...storage, ...records, orchestrator, ...monitors })
    },
  }
}

/** What all parts share. */
interface Base {
  readonly config: Config
  readonly env: Env
  readonly folder: DataFolder
  readonly tokens: AdminTokens
  /** The key that encrypts secrets in the database. */
  readonly key: Buffer
  /** The server's own secrets, which must not appear in a log. */
  readonly ownSecrets: readonly string[]
  /** Launching fills it and redacting reads it, so it comes before both. */
  readonly secrets: NodeSecrets
  readonly logger: Logger
  readonly counts: Counts
  readonly repeats: Repeats
  readonly onFault: (what: string, error?: unknown) => void
}

async function openBase(config: Config, env: Env, place: Place): Promise<Base> {
  const logger = createLogger(config, place)
  const counts = createCounts()
  const repeats = createRepeats()
  const folder = await openDataFolder(config.dataDir)
  const tokens = await adminTokens(config.adminTokens, folder)
  const key = config.secretsKey ?? (await folder.secret('secrets-key', 32)).value
  return {
    key: Buffer.from(key, 'base64'),
    config,
    env,
    folder,
    tokens,
    ownSecrets: [
      ...tokens.values,
      ...skypilotSecrets(config),
      ...receiverSecrets(config),
      ...databaseSecrets(config),
    ],
    secrets: createNodeSecrets(),
    logger,
    counts,
    repeats,
    onFault(what, error) {
      counts.faults += 1
      if (!repeats.isRepeat(kindOf(what, error))) logger.warn({ err: error }, what)
    },
  }
}

/** Storage that is away is one fault, whoever notices it. */
function kindOf(what: string, error: unknown): string {
  if (error instanceof StorageUnavailable || error instanceof StorageFull) return error.message
  return `${what}: ${(error as Error | undefined)?.message}`
}

/** The values that open SkyPilot's API server. */
function skypilotSecrets({ skypilotEndpoint, skypilotToken }: Config): string[] {
  const password = skypilotEndpoint ? decodeURIComponent(new URL(skypilotEndpoint).password) : ''
  return [skypilotToken, password].filter((value): value is string => Boolean(value))
}

function databaseSecrets({ databaseUrl, secretsKey }: Config): string[] {
  const password = databaseUrl ? passwordIn(databaseUrl) : ''
  return [password, secretsKey].filter((value): value is string => Boolean(value))
}

interface Storage {
  readonly store: LogStore
  readonly database: Database
  /** What other servers change in it. */
  readonly changes: Changes
  readonly ownership: Ownership
  readonly reserve: DiskReserve
  readonly withRoom: DiskReserve['lend']
  /** This server's name. The folder's lock lets only one living process have it. */
  readonly name: string
  /** The name of the servers that share these records: of this one, if they are its own. */
  readonly group: string
}

async function openStorage(base: Base): Promise<Storage> {
  const reserve = openDiskReserve(base.folder.file('reserve'))
  const { value: name } = await base.folder.secret('name', 12)
  const { database, group, changes } = await openDatabase(base, name)
  const withRoom: DiskReserve['lend'] = (act) =>
    reserve.lend(() => act().finally(() => emptyJournal(database)))
  const store = await openStore(base, withRoom)
  const { onFault } = base
  const ownership = createOwnership({ database, owners: store.owners, name: group, onFault })
  return { store, database, changes, ownership, name, group, reserve, withRoom }
}

async function openDatabase(
  { config, folder, key, onFault }: Base,
  name: string,
): Promise<Pick<Storage, 'database' | 'group' | 'changes'>> {
  const { databaseUrl: url } = config
  if (url) {
    // Loaded only if it is used, as is Redis's driver.
    const { openPostgres } = await import('./database/postgres/open.js')
    const { database, listen } = await openPostgres({ url, onFault })
    await refuseOtherKey(database, key)
    return { database, changes: listen(), group: await agreed(database, 'group', name) }
  }
  const database = await sqliteDatabase(folder.file('records.db'))
  await migrate(database).catch((error) => {
    throw new StartError(error.message, { cause: error })
  })
  return { database, changes: NO_CHANGES, group: name }
}

/** With another key than the other servers', this one could not carry their launches on. */
async function refuseOtherKey(database: Database, key: Buffer): Promise<void> {
  const own = createHash('sha256').update(key).digest('base64url')
  if ((await agreed(database, 'secrets key', own)) === own) return
  await database.destroy()
  throw new StartError(
    'the secrets in this database are encrypted with another key: set LAUNCHTAIL_SECRETS_KEY to the same value on all servers (the key of the first one is in its data folder, in the file secrets-key)',
  )
}

async function openStore(
  { config, folder, onFault, logger, repeats }: Base,
  withRoom: DiskReserve['lend'],
): Promise<LogStore> {
  const { redisUrl: url, retention, pollInterval, redisWait: wait } = config
  if (!url) return sqliteLogStore({ file: folder.file('logs.db'), retention, withRoom, onFault })
  // Loaded only if it is used: it takes a tenth of the start.
  const { redisLogStore } = await import('./logs/redis/store.js')
  const onBack = (away: number) => {
    repeats.forget()
    logger.info(`redis answers again after ${formatDuration(away, { decimals: 1 })}`)
  }
  const onRisk = (sentence: string) => logger.warn(sentence)
  return redisLogStore({ url, retention, pollInterval, wait, onFault, onBack, onRisk })
}

type Records = Awaited<ReturnType<typeof openRecords>>

/** The way into the lists, the records made from them, and the way back out. */
async function openRecords(base: Base, storage: Storage) {
  const { store, database, ownership } = storage
  const { config, counts, ownSecrets, secrets, onFault } = base
  const secrecy = createSecrecy(ownSecrets, secrets.of, () => {
    counts.redactions += 1
  })
  // Only other programs can store an entry that was not redacted, and only Redis is open to them.
  const isShared = config.redisUrl !== undefined
  const readText = isShared ? readForeign : readEntry
  const slowEntries = createSlowEntries()
  const notify = await openNotify(base, storage, { secrecy, readText, slowEntries })
  const latencies = createLatencies()
  const touched: { node: (nodeId: string) => void } = { node() {} }
  const looks = createLooks({
    ...{ database, after: config.unattendedAfter, onFault },
    onChange: (nodeId) => touched.node(nodeId),
  })
  const registry = createRegistry({
    ...{ database, store, ownership, latencies, looks },
    isShared: config.databaseUrl !== undefined,
    readText,
    redact: secrecy.redactOwn,
    onFault,
    readers: [notify.reader, launchCounter(counts)],
  })
  touched.node = registry.touched
  notify.watch(registry)
  const createdAt = async (nodeId: string) => (await registry.get(nodeId))?.created_at
  const archiveDuty = config.databaseUrl
    ? await takeDuty({
        ...{ database, owner: storage.name, name: 'archive' },
        onFault: (error) => onFault('renewing the lease of the archive', error),
      })
    : undefined
  const archive = openArchive(base, {
    store,
    registry,
    duty: archiveDuty,
    toBeArchived: isShared ? asShown({ store, readText, createdAt }) : asStored,
  })
  const appender = createAppender({
    store,
    maxEntries: config.maxEntries,
    before: (nodeId) => registry.get(nodeId),
    isKnown: registry.isKnown,
    redact: secrecy.redact,
    redactAfter: maskLastRow,
    onAppended(nodeId, index, entries) {
      counts.appended += entries.length
      registry.appended(nodeId, index, entries)
      archive.appended(nodeId)
    },
    onLeftOut(_nodeId, count) {
      counts.leftOut += count
    },
  })
  const { storageGrace } = config
  const { redactorFor } = secrecy
  const rawOutput = createRawOutput({ appender, store, redactorFor, storageGrace })
  const otlp = createOtlpIntake({
    ...{ registry, appender, redactorFor: secrecy.redactorForPart },
    unknown: config.otlpUnknown,
    onTaken({ accepted, rejected }) {
      counts.otlpReceived.add({ result: 'accepted' }, accepted)
      counts.otlpReceived.add({ result: 'rejected' }, rejected)
    },
  })
  return {
    registry,
    latencies,
    looks,
    appender,
    rawOutput,
    otlp,
    readText,
    archive,
    archiveDuty,
    slowEntries,
    notify,
  }

  /** Telling entries of ours from others by their texts takes as long as looking for secrets again. */
  function readForeign(text: string, nodeId: string): ReturnType<ReadText> {
    const entry = readEntry(text)
    return entry && secrecy.redactEntry(nodeId, entry)
  }
}

/** Sends messages to webhooks. It has loaded them before the first record is stored. */
async function openNotify(
  { config, key, counts, onFault }: Base,
  { store, database, name: owner }: Storage,
  { secrecy, ...reading }: { secrecy: Secrecy; readText: ReadText; slowEntries: SlowEntries },
): Promise<Notify> {
  const notify = createNotify({
    ...{ store, database, owner, ...reading, onFault },
    key,
    publicUrl: config.publicUrl,
    addresses: { allowed: config.webhookAllow, allowLoopback: isLoopback(config.host) },
    onAttempt: (outcome) => counts.deliveries.add({ outcome }),
    redact: (nodeId, text) => secrecy.redactEntry(nodeId, { message: text }).message,
    redactCut: (nodeId, text) => secrecy.redactorFor(nodeId).cutOff(text),
    askedAt: createAskedAt(database),
  })
  await notify.start()
  return notify
}

function openArchive(
  { config, folder, logger, onFault }: Base,
  parts: Pick<ArchiveOptions, 'store' | 'registry' | 'toBeArchived' | 'duty'>,
): Archive {
  const { retention, archiveRetention, archiveFailedRetention, archiveMaxBytes } = config
  const { databaseUrl: url } = config
  return createArchive({
    ...parts,
    ...(url
      ? { place: { url }, earlier: folder.file('archive.db') }
      : { place: { file: folder.file('archive.db') } }),
    retention,
    keeping: {
      usual: retention + archiveRetention,
      failed: retention + archiveFailedRetention,
      maxBytes: archiveMaxBytes,
    },
    onNotice: (notice) => logger.warn(notice),
    onFault,
  })
}

function openLaunching(
  base: Base,
  { store, database, name: owner }: Storage,
  { appender, registry, access }: Pick<Records, 'appender' | 'registry'> & { access: NodeAccess },
): Orchestrator {
  const { config, folder, key, ownSecrets, secrets, logger, onFault } = base
  return createOrchestrator({
    database,
    store,
    appender,
    registry,
    launchers: launchersOf(base),
    folder: folder.file('launches'),
    key,
    clusterPrefix: config.clusterPrefix,
    limits: limitsIn(config),
    isShared: config.databaseUrl !== undefined,
    budget: config.budget,
    access,
    owner,
    ownSecrets,
    secrets,
    onFault,
    onNotice: (notice) => logger.info(notice),
  })
}

/** Nodes on this machine reach it by its own address, others by its public one. */
function accessOf(
  { config, key }: Base,
  tokens: Tokens,
  ownUrl: () => string | undefined,
): NodeAccess {
  const urlFor = (launcher: string) =>
    config.publicUrl ?? (launcher === 'local' ? ownUrl() : undefined)
  return createLaunchTokens({ tokens, key, urlFor })
}

function limitsIn(config: Config): LimitSettings {
  const { maxLifetime, idleTimeout, keepOnFailure } = config
  const { maxLifetimeLimit, idleTimeoutLimit } = config
  return {
    usual: {
      ...(maxLifetime && { maxLifetime }),
      ...(idleTimeout && { idleTimeout }),
      ...(keepOnFailure && { keepOnFailure }),
    },
    most: {
      launchTimeout: config.launchTimeoutLimit,
      ...(maxLifetimeLimit && { maxLifetime: maxLifetimeLimit }),
      ...(idleTimeoutLimit && { idleTimeout: idleTimeoutLimit }),
      keepOnFailure: config.keepOnFailureLimit,
    },
  }
}

/** SkyPilot's API server if one is set, else the `sky` command. That one keeps what it started. */
function launchersOf({ config, env, ownSecrets, logger }: Base): Launcher[] {
  const {
    skypilotEndpoint: endpoint,
    skypilotToken: token,
    skypilotUser: user,
    launchTimeout,
  } = config
  const { vllmVersion: vllm, uvVersion: uv, pythonVersion: python } = config
  const versions = { vllm, uv, python }
  const local = localLauncher({
    env,
    passEnv: config.localEnv,
    ownSecrets,
    launchTimeout,
    enabled: config.localLauncher ?? isLoopback(config.host),
  })
  const enabled = !endpoint
  const command = skyCommandLauncher({ env, versions, ownSecrets, launchTimeout, enabled })
  if (!endpoint) return [local, command]
  const onNotice = (notice: string) => logger.warn(notice)
  const api = skypilotLauncher({ endpoint, token, user, versions, launchTimeout, onNotice })
  return [local, api, command]
}

/** The SkyPilot that new launches go to. */
function skypilotOf({ config, env }: Base): SkyPilot {
  const { skypilotEndpoint: endpoint, skypilotToken: token, skypilotUser: user } = config
  return endpoint ? describeApi({ endpoint, token, user }) : describeCommand({ env })
}

function groupsIn({ database }: Pick<Storage, 'database'>, { registry }: Records) {
  const groupRows = createGroupRows(database)
  return { groupRows, groupReads: createGroupReads({ database, rows: groupRows, registry }) }
}

/** The ends of launches that other programs make, and what looks after these launches. */
async function openEnds(
  { onFault, key, config }: Base,
  { store, database, name: owner }: Storage,
  { registry, appender, latencies }: Records,
  launches: Orchestrator,
) {
  const sentIn = createSentIn(database)
  const signs = createSigns()
  const ends = createEnds({ registry, store, appender, launches })
  const isShared = config.databaseUrl !== undefined
  const duty = isShared
    ? await takeDuty({
        ...{ database, owner, name: 'monitors' },
        onFault: (error) => onFault('renewing the lease of the monitors', error),
      })
    : SOLE_DUTY
  const ifOurs =
    <T>(read: () => Promise<readonly T[]>) =>
    async (): Promise<T[]> =>
      duty.isOurs() ? [...(await read())] : []
  const ofOthers = { launching: ifOurs(sentIn.launching) }
  const ofAll = { launching: ifOurs(registry.launching) }
  return {
    sentIn,
    signs,
    ends,
    duty,
    stallMonitor: startStallMonitor({ registry: ofAll, store, appender, onFault }),
    lostMonitor: startLostMonitor({
      ...{ sentIn, signs, ends, store, duty, onFault },
      ...(isShared && { lag: SIGNS_LAG }),
    }),
    readyMonitor: startReadyMonitor({ sentIn: ofOthers, ends, appender, onFault }),
    healthMonitor: startHealthMonitor({
      targets: ifOurs(createHealthTargets({ database, key })),
      every: config.healthInterval,
      ...{ registry, latencies, appender, onFault },
    }),
  }
}

/** For how long another server keeps its signs of life to itself, at most, in milliseconds. */
const SIGNS_LAG = 10_000

/** Follows what other servers change in the records that all of them share. */
function watchChanges(
  { onFault }: Base,
  { changes }: Storage,
  { registry, appender, archive, notify, orchestrator }: Records & { orchestrator: Orchestrator },
): void {
  const failed = (error: unknown) => onFault('following what other servers change', error)
  changes.on('nodes', ({ key: nodeId, isDeleted }) => {
    if (isDeleted) {
      appender.forget(nodeId)
      archive.forgottenElsewhere(nodeId)
    }
    registry.changedElsewhere(nodeId, { isDeleted })
  })
  changes.on('launches', ({ key, isDeleted }) => {
    orchestrator.changedElsewhere(key, { isDeleted }).catch(failed)
  })
  changes.on('webhooks', () => void notify.reload().catch(failed))
  changes.onMissed(() => {
    registry.missedChanges().catch(failed)
    orchestrator.missedChanges().catch(failed)
    notify.reload().catch(failed)
  })
}

function openAudit({ config, onFault }: Base, { database }: Pick<Storage, 'database'>): Audit {
  const { auditRetention: retention, auditMaxLines: maxLines } = config
  return createAudit({ database, retention, maxLines, onFault })
}

/** Sends logs and launches to an OTLP receiver, if one is set. */
async function openExporter(
  { config, counts, onFault }: Base,
  { database, name }: Storage,
  { archive, registry }: Records,
): Promise<Exporter | undefined> {
  const receiver = receiverOf(config)
  if (!receiver.logs && !receiver.traces) return undefined
  const query = await readQuery(config.otlpQuery).catch((error) => {
    throw new StartError(`LAUNCHTAIL_OTLP_QUERY: ${error.message}`, { cause: error })
  })
  return startExporter({
    ...receiver,
    protocol: config.otelProtocol,
    compression: config.otelCompression,
    timeout: config.otelTimeout,
    version: await serverVersion(),
    query,
    archive,
    registry,
    launchChanges: createLaunchChanges(database),
    positions: createPositions(database, config.databaseUrl && name),
    onSent: (signal, result, count) => counts.otlpSent.add({ signal, result }, count),
    onFault,
  })
}

function openStreams(
  base: Base,
  { store, database, group: server }: Storage,
  { registry, readText, archive, slowEntries }: Records,
) {
  const { heartbeat, streamTimeout: timeout, storageGrace } = base.config
  const { onFault, counts } = base
  const onSkipped = () => {
    counts.skipped += 1
  }
  const observer = observerOf(counts)
  const lifetimes = { heartbeat, timeout, storageGrace, observer, onFault }
  const recordAt = registry.find
  const feeds = createFeeds({ store, readText, recordAt, onSkipped, ...lifetimes })
  const expired = createFeeds({
    ...lifetimes,
    store: pastStore(archive.past),
    readText: readEntry,
    recordAt,
  })
  const logs = { feeds, expired, archive, registry }
  const groupRows = createGroupRows(database)
  const isGrowing = async (groupId: string) => (await groupRows.find(groupId))?.row.busy === 1
  return {
    feeds,
    expired,
    pastLaunches: createPastLaunches({ store, archive, registry, readText, ...lifetimes }),
    slowEntries,
    fleet: createFleet({ registry, heartbeat, timeout, observer, onFault }),
    merged: createMerged({ ...logs, slowEntries, server, isGrowing, ...lifetimes }),
  }
}

/** Counts what happens to streams. */
function observerOf(counts: Counts): StreamObserver {
  return {
    resumed() {
      counts.resumes += 1
    },
    gap: (reason) => counts.gaps.add({ reason }),
    cut: (reason) => counts.cuts.add({ reason }),
    written: (after) => counts.writes.observe({}, after / 1000),
  }
}

/** Brings the records up to date with the lists, now and from now on. */
async function keepCatchingUp({ onFault }: Base, { registry }: Records): Promise<NodeJS.Timeout> {
  const catchUp = () => registry.catchUp().catch((error) => onFault('catching up', error))
  await Promise.race([catchUp(), sleep(START_CATCH_UP)])
  // Past launches are not read at once: after a start, readers that come again have the loop.
  const takeIn = () => registry.takeInPast().catch((error) => onFault('past launches', error))
  return setInterval(() => catchUp().then(takeIn), CATCH_UP_EVERY).unref()
}

interface Closing extends Storage, Records {
  readonly orchestrator: Orchestrator
  readonly duty: Duty
  readonly stallMonitor: StallMonitor
  readonly lostMonitor: LostMonitor
  readonly readyMonitor: ReadyMonitor
  readonly healthMonitor: HealthMonitor
}

async function closeAll({ folder }: Base, parts: Closing): Promise<void> {
  await parts.stallMonitor.stop()
  await parts.lostMonitor.stop()
  await parts.readyMonitor.stop()
  await parts.healthMonitor.stop()
  await parts.duty.stop()
  await parts.orchestrator.close()
  await parts.looks.stop()
  await parts.archive.close()
  await parts.archiveDuty?.stop()
  await parts.registry.flush()
  await parts.notify.stop()
  await parts.store.close()
  await parts.changes.stop()
  await parts.database.destroy()
  folder.unlock()
}
