import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Repeats } from './async/repeats.js'
import type { Config } from './config.js'
import { connectionLimit } from './descriptors.js'
import { StartError } from './errors.js'
import type { Archive } from './find/archive/archive.js'
import type { SlowEntries } from './find/slow-entries.js'
import { createApp } from './http/app.js'
import { auditRequests, auditUnreadable } from './http/auditing.js'
import { type Authenticate, authenticator } from './http/auth.js'
import { createClientAddress } from './http/client-address.js'
import { createCors } from './http/cors.js'
import { createExcerpts } from './http/excerpts.js'
import { createGuesses, type Guesses } from './http/guesses.js'
import { createLimits, type Limits } from './http/limits/limits.js'
import { createOpenRequests } from './http/open-requests.js'
import { guardOwnLaunches } from './http/own-launches.js'
import { createRemoving } from './http/remove-node.js'
import { mountAudit } from './http/routes/audit.js'
import { mountDocs } from './http/routes/docs.js'
import { mountEmbed } from './http/routes/embed.js'
import { mountExport } from './http/routes/export.js'
import { mountFleetStream } from './http/routes/fleet-stream.js'
import { mountGroups } from './http/routes/groups.js'
import { mountIngest } from './http/routes/ingest.js'
import { mountKeep } from './http/routes/keep.js'
import { mountLogs } from './http/routes/logs.js'
import { mountMergedStream } from './http/routes/merged-stream.js'
import { mountNode } from './http/routes/node.js'
import { mountNodeExport } from './http/routes/node-export.js'
import { mountNodes } from './http/routes/nodes.js'
import { mountOps } from './http/routes/ops.js'
import { mountOtlp } from './http/routes/otlp.js'
import { mountPage } from './http/routes/page.js'
import { mountPlan } from './http/routes/plan.js'
import { mountQuery } from './http/routes/query.js'
import { createResumedStream, type ResumedStream } from './http/routes/resumed-stream.js'
import { mountSearch } from './http/routes/search.js'
import { mountSkyPilot } from './http/routes/skypilot.js'
import { mountStats } from './http/routes/stats.js'
import { mountStatus } from './http/routes/status.js'
import { mountStream } from './http/routes/stream.js'
import { mountStreamTickets } from './http/routes/stream-tickets.js'
import { mountTokens } from './http/routes/tokens.js'
import { mountWebhooks } from './http/routes/webhooks.js'
import { type TicketAuthenticator, withTickets } from './http/ticket-auth.js'
import type { RawOutput } from './ingest/raw-output.js'
import type { Appender } from './logs/appender.js'
import type { ReadText } from './logs/entry-text.js'
import type { LogStore } from './logs/store.js'
import type { Counts } from './metrics/counts.js'
import { createMetrics, type Metrics } from './metrics/index.js'
import { labelsOfRefusal } from './metrics/refusals.js'
import type { Ends } from './nodes/ends/ends.js'
import type { Signs } from './nodes/ends/signs.js'
import type { GroupReads } from './nodes/groups/group-reads.js'
import type { GroupRows } from './nodes/groups/group-rows.js'
import type { Groups } from './nodes/groups/groups.js'
import type { Launches } from './nodes/launches.js'
import type { Looks } from './nodes/looks/looks.js'
import type { Registry } from './nodes/registry.js'
import type { SentIn } from './nodes/sent-in.js'
import type { SkyPilot } from './nodes/skypilot.js'
import type { StreamTickets } from './nodes/stream-tickets.js'
import type { Webhooks } from './notify/webhooks.js'
import type { OtlpIntake } from './otlp/in/receive.js'
import type { Audit } from './rights/audit/audit.js'
import type { Principal } from './rights/principal.js'
import type { Tokens } from './rights/tokens.js'
import { serverVersion } from './server-version.js'
import type { Feeds } from './stream/feeds.js'
import type { Fleet } from './stream/fleet/fleet.js'
import type { Merged } from './stream/merged/merged.js'
import type { Place } from './workers/place.js'

export interface ServingOptions {
  config: Config
  /** The admin tokens of the configuration. */
  adminTokens: readonly string[]
  /** Those that were created since. */
  tokens: Tokens
  audit: Audit
  logger: FastifyBaseLogger
  counts: Counts
  repeats: Repeats
  store: LogStore
  registry: Registry
  appender: Appender
  rawOutput: RawOutput
  otlp: OtlpIntake
  archive: Archive
  readText: ReadText
  feeds: Feeds
  /** The logs of which only the archive has something. */
  expired: Feeds
  /** Those of launches whose node has been launched since, by `launchKey`. */
  pastLaunches: Feeds
  fleet: Fleet
  merged: Merged
  slowEntries: SlowEntries
  launches: Launches
  groups: Groups
  groupRows: GroupRows
  groupReads: GroupReads
  looks: Pick<Looks, 'seen'>
  ends: Ends
  skypilot: SkyPilot
  sentIn: SentIn
  signs: Signs
  /** `isKnownCaller` tells whether a token is still accepted. */
  openTickets: (isKnownCaller: (caller: string) => boolean) => Promise<StreamTickets>
  /** The number of launches that this process runs. */
  leases: () => number
  place: Place
  /** Makes the metrics that are shown out of this process's own. */
  shareMetrics: (own: Metrics) => Metrics
  webhooks: Webhooks
  /** Makes some room on a full disk while it acts. */
  withRoom: <T>(act: () => Promise<T>) => Promise<T>
}

/** The server's HTTP side. */
export interface Serving {
  /** Returns the server's address. Throws a StartError if it cannot listen there. */
  listen(): Promise<string>
  /** Keeps serving for the drain delay, then ends the streams evenly, and at last the requests. */
  close(): Promise<void>
}

/** Connections that may wait to be accepted: thousands of readers come again at once. */
const BACKLOG = 4096
/** How long pending requests may take once the streams have ended, in milliseconds. */
const LAST_REQUESTS = 1000

export async function createServing(options: ServingOptions): Promise<Serving> {
  const { config, counts, feeds } = options
  const clientAddress = createClientAddress(config.trustedProxies)
  const guesses = createGuesses({ clientAddress })
  const { adminTokens: configured, tokens } = options
  const byToken = authenticator({ configured, tokens, guesses })
  const { principalOf, authenticateBearer } = byToken
  const tickets = await options.openTickets(byToken.isKnown)
  const { authenticate, ticketOf } = withTickets({ authenticator: byToken, tickets, guesses })
  const openRequests = createOpenRequests()
  tokens.onEnd(openRequests.close)
  const limits = createLimits({
    ...{ config, clientAddress },
    onLimited: (limit) => counts.limited.add({ limit }),
  })
  const onAdmitted = (principal: Principal, response: ServerResponse) => {
    limits.requests.check(principal)
    limits.requests.spend(principal)
    openRequests.add(principal, response)
  }
  const resumed = createResumedStream({ feeds, onAdmitted, limits })
  let closing = false
  const onRefusal = (status: number) => counts.refusals.add(labelsOfRefusal(status))
  const app = await createApp({
    authenticate,
    principalOf,
    onAdmitted,
    shortcut: resumed.shortcut,
    host: config.host,
    allowedHosts: config.allowedHosts,
    logger: options.logger,
    repeats: options.repeats,
    isClosing: () => closing,
    cors: createCors(config.origins),
    onRefusal,
    onUnreadable: auditUnreadable({ ...options, clientAddress }),
    onVanished: () => counts.cuts.add({ reason: 'vanished' }),
    maxConnections: connectionLimit(),
  })
  const access = { authenticate, authenticateBearer, ticketOf, tickets, guesses, limits }
  auditRequests(app, { ...options, clientAddress })
  guardOwnLaunches(app, options)
  await mountRoutes(app, { ...options, ...access, onRefusal, resumed, ready })
  return { listen: () => listen(app, config), close }

  async function ready(): Promise<void> {
    if (closing) throw new StartError('the server is stopping')
    await options.store.ping()
  }

  async function close(): Promise<void> {
    closing = true
    await sleep(config.drainDelay)
    // Who still asks on a connection from before is answered, and told to close it: to be refused, or cut
    // while asking, is no way to learn of a restart.
    await Promise.all(allStreams(options).map((streams) => streams.drain(config.drain)))
    const closed = app.close()
    const cut = setTimeout(() => app.server.closeAllConnections(), LAST_REQUESTS)
    await closed
    clearTimeout(cut)
  }
}

interface RoutesOptions extends ServingOptions {
  authenticate: Authenticate
  authenticateBearer: Authenticate
  onRefusal: (status: number) => void
  ticketOf: TicketAuthenticator['ticketOf']
  tickets: StreamTickets
  guesses: Guesses
  limits: Limits
  resumed: ResumedStream
  ready: () => Promise<void>
}

async function mountRoutes(app: FastifyInstance, options: RoutesOptions): Promise<void> {
  const { counts, authenticateBearer, ready } = options
  const { host, origins } = options.config
  const streams = () => allStreams(options).reduce((sum, { readers }) => sum + readers(), 0)
  // Its hook must come before the routes that it is for.
  mountStreamTickets(app, { ...options, origins })
  mountEmbed(app, options)
  mountStream(app, options)
  mountFleetStream(app, options)
  const excerpts = createExcerpts(options)
  mountLogs(app, { ...options, excerpts })
  mountNodeExport(app, { ...options, excerpts })
  mountMergedStream(app, options)
  mountIngest(app, options)
  mountOtlp(app, options)
  const removeNode = createRemoving(options)
  mountNodes(app, { ...options, removeNode })
  mountGroups(app, { ...options, removeNode })
  mountNode(app, options)
  mountPlan(app, options)
  mountKeep(app, options)
  mountStatus(app, options)
  mountStats(app, options)
  mountQuery(app)
  mountSearch(app, options)
  mountExport(app, { ...options, maxExports: options.config.maxExports })
  mountSkyPilot(app, options)
  mountWebhooks(app, options)
  mountTokens(app, options)
  mountAudit(app, options)
  const version = await serverVersion()
  const { leases, registry, place, shareMetrics } = options
  // Where the records are out of reach, the other metrics are shown all the same.
  const nodes = () => registry.counts().catch(() => undefined)
  const metrics = shareMetrics(createMetrics({ counts, version, place, streams, leases, nodes }))
  // Prometheus and its operator send a token as others do.
  mountOps(app, { ready, metrics, authenticate: authenticateBearer, host })
  mountDocs(app, { version })
  mountPage(app)
}

function allStreams({ feeds, expired, pastLaunches, fleet, merged }: ServingOptions) {
  return [feeds, expired, pastLaunches, fleet, merged]
}

async function listen(app: FastifyInstance, { host, port: wanted }: Config): Promise<string> {
  const { level } = app.log
  try {
    // Fastify would log the address at once, above the greeting of whoever starts the server.
    app.log.level = 'warn'
    await app.listen({ host, port: wanted, backlog: BACKLOG })
  } catch (error) {
    throw new StartError(`cannot listen on ${host}:${wanted}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  app.log.level = level
  const { port } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
