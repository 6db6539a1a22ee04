import { isOrigin, parseDuration } from '@launchtail/client/protocol'
import { faultOfPostgresUrl } from './database/postgres/url.js'
import { parseRedisAddress } from './logs/redis/url.js'
import { allowedOf } from './notify/target/allowed.js'
import { networksOf } from './trusted-proxies.js'

/** A setting. Everything about it is defined here, and the docs are generated from it. */
export interface Setting<T> {
  readonly env: string
  /** The flag without its dashes. Undefined if the value must not be on a command line. */
  readonly flag: string | undefined
  /** As a user would write it. Undefined if there is none. */
  readonly default: string | undefined
  /** Says what happens without a value, if there is no default. */
  readonly otherwise?: string
  readonly help: string
  /** Parses the text, or throws an error that completes a sentence: `must be …`. */
  readonly read: (text: string) => T
}

const DAY = 86_400_000

export const settings = {
  host: setting('HOST', '127.0.0.1', 'The address to listen on.', asText),
  port: setting('PORT', '8080', 'The port to listen on; 0 picks a free one.', whole(0, 65_535)),
  adminTokens: {
    env: 'LAUNCHTAIL_ADMIN_TOKEN',
    // Every account of the machine can read a command line.
    flag: undefined,
    default: undefined,
    otherwise: 'created at the first start and kept in the data folder',
    help: 'The admin token. To rotate it, list the new and the old one, separated by a comma.',
    read: tokens,
  },
  dataDir: setting(
    'LAUNCHTAIL_DATA_DIR',
    './data',
    'The folder for the embedded store, the created token and the launches.',
    asText,
  ),
  redisUrl: optional(
    'REDIS_URL',
    'embedded SQLite',
    'The Redis that stores the live logs: `redis://`, `rediss://`, `redis-sentinel://host:port,host:port/name` or `redis-cluster://host:port,host:port`.',
    redisUrl,
  ),
  workers: setting(
    'LAUNCHTAIL_WORKERS',
    '1',
    'How many processes serve the port, each with a data folder of its own below the given one. More than one need `DATABASE_URL`, `REDIS_URL` and a token that is set; see docs/operations.md.',
    whole(1, 64),
  ),
  databaseUrl: {
    env: 'DATABASE_URL',
    // It may contain a password, and every account of the machine can read a command line.
    flag: undefined,
    default: undefined,
    otherwise: 'embedded SQLite',
    help: 'The PostgreSQL that stores the records, for several servers on one Redis: `postgres://user:password@host:5432/name`, with `?sslmode=verify-full` for TLS. Several hosts, `host:5432,other:5432`, are a primary and its standbys. It needs `REDIS_URL` and a token that is set; see docs/operations.md.',
    read: postgresUrl,
  },
  secretsKey: {
    env: 'LAUNCHTAIL_SECRETS_KEY',
    // Every account of the machine can read a command line.
    flag: undefined,
    default: undefined,
    otherwise: 'created at the first start and kept in the data folder',
    help: 'The key that encrypts the secrets of launches and webhooks in the database: 32 bytes in base64. All servers on one database need the same.',
    read: secretsKey,
  },
  redisWait: setting(
    'LAUNCHTAIL_REDIS_WAIT',
    '0',
    'How many Redis replicas must have an entry before its sender gets an answer.',
    whole(0, 10),
  ),
  retention: setting(
    'LAUNCHTAIL_RETENTION',
    '24h',
    'How long a log is kept after its last entry.',
    duration(1000, 366 * DAY),
  ),
  archiveRetention: setting(
    'LAUNCHTAIL_ARCHIVE_RETENTION',
    '7d',
    'How long the archive keeps a log once the live one has gone, so that it can still be read and searched. 0 keeps none.',
    keepFor,
  ),
  archiveFailedRetention: setting(
    'LAUNCHTAIL_ARCHIVE_FAILED_RETENTION',
    '30d',
    'The same for the log of a launch that failed.',
    keepFor,
  ),
  archiveMaxBytes: setting(
    'LAUNCHTAIL_ARCHIVE_MAX_BYTES',
    '5GB',
    'How large the archive may become: the oldest logs are removed first, and the server’s log says so.',
    bytes(10_000_000),
  ),
  maxStreamsPerToken: setting(
    'LAUNCHTAIL_MAX_STREAMS_PER_TOKEN',
    '1000',
    'How many streams may be open with one token. Another one is refused with 429 and `Retry-After`. 0 is any number.',
    whole(0, 1_000_000),
  ),
  maxStreamsPerAddress: setting(
    'LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS',
    '500',
    'The same for one address, or the /64 of an IPv6 one. Behind proxies, set `LAUNCHTAIL_TRUSTED_PROXIES`: otherwise all of a proxy’s clients have one address.',
    whole(0, 1_000_000),
  ),
  maxStreams: setting(
    'LAUNCHTAIL_MAX_STREAMS',
    '20000',
    'The same for all streams of this server.',
    whole(0, 1_000_000),
  ),
  requestsPerSecond: setting(
    'LAUNCHTAIL_MAX_REQUESTS_PER_SECOND',
    '0',
    'How many requests one token may make in a second. 0 is any number.',
    whole(0, 1_000_000),
  ),
  entriesPerSecond: setting(
    'LAUNCHTAIL_MAX_ENTRIES_PER_SECOND',
    '0',
    'How many log entries may be sent in with one token in a second. A request with more is taken, and the next ones wait for as long as it used up. 0 is any number.',
    whole(0, 10_000_000),
  ),
  searchesPerSecond: setting(
    'LAUNCHTAIL_MAX_SEARCHES_PER_SECOND',
    '0',
    'How many searches, counts and exports over all nodes one token may ask for in a second. 0 is any number.',
    whole(0, 1_000_000),
  ),
  auditRetention: setting(
    'LAUNCHTAIL_AUDIT_RETENTION',
    '90d',
    'How long the audit log keeps who did what.',
    duration(1000, 3660 * DAY),
  ),
  auditMaxLines: setting(
    'LAUNCHTAIL_AUDIT_MAX_LINES',
    '100000',
    'How many lines the audit log keeps of requests with a token; of those without, a tenth of it.',
    whole(100, 10_000_000),
  ),
  maxExports: setting(
    'LAUNCHTAIL_MAX_EXPORTS',
    '4',
    'How many exports over all nodes are made at a time. Another one is refused with 429 and `Retry-After`.',
    whole(1, 1000),
  ),
  pollInterval: setting(
    'LAUNCHTAIL_POLL_INTERVAL',
    '500ms',
    'How often watched Redis lists are polled, for writers that do not publish what they append.',
    duration(10, 60_000),
  ),
  streamTimeout: setting(
    'LAUNCHTAIL_STREAM_TIMEOUT',
    '30m',
    'How long a stream stays open before its client has to reconnect, give or take 10 %.',
    duration(1000, DAY),
  ),
  heartbeat: setting(
    'LAUNCHTAIL_HEARTBEAT',
    '15s',
    'How often a stream sends a heartbeat.',
    duration(100, 600_000),
  ),
  storageGrace: setting(
    'LAUNCHTAIL_STORAGE_GRACE',
    '60s',
    'How long a stream waits for storage that is out of reach before it ends.',
    duration(0, DAY),
  ),
  maxEntries: setting(
    'LAUNCHTAIL_MAX_ENTRIES',
    '100000',
    'How many entries a node’s log takes. Beyond that it keeps only `warn`, `error` and phase changes.',
    whole(1, 10_000_000),
  ),
  drain: setting(
    'LAUNCHTAIL_DRAIN',
    '5s',
    'The time over which streams are ended when the server stops.',
    duration(0, 600_000),
  ),
  drainDelay: setting(
    'LAUNCHTAIL_DRAIN_DELAY',
    '0s',
    'How long requests are still served after SIGTERM, so that a load balancer notices.',
    duration(0, 600_000),
  ),
  localLauncher: optional(
    'LAUNCHTAIL_LOCAL_LAUNCHER',
    'on if `HOST` is loopback',
    'Allows `provider: "local"` to run commands on this machine.',
    boolean,
  ),
  localEnv: setting(
    'LAUNCHTAIL_LOCAL_ENV',
    '',
    'The environment variables of the server that local launches get besides `PATH`, `HOME` and `LANG`, separated by commas.',
    list,
  ),
  skypilotEndpoint: {
    env: 'SKYPILOT_API_SERVER_ENDPOINT',
    // It may contain a user and a password.
    flag: undefined,
    default: undefined,
    otherwise: 'none: the `sky` command is used if it is installed',
    help: 'The address of SkyPilot’s API server, which launches for every provider except `local`.',
    read: httpUrl,
  },
  skypilotToken: {
    env: 'SKYPILOT_SERVICE_ACCOUNT_TOKEN',
    // Every account of the machine can read a command line.
    flag: undefined,
    default: undefined,
    otherwise: 'none',
    help: 'The token of a service account on SkyPilot’s API server.',
    read: token,
  },
  skypilotUser: setting(
    'LAUNCHTAIL_SKYPILOT_USER',
    'launchtail',
    'The user whose clusters this server’s launches are on SkyPilot’s API server, where no login decides.',
    userName,
  ),
  vllmVersion: setting(
    'LAUNCHTAIL_VLLM_VERSION',
    '0.13.0',
    'The version of vLLM on nodes that are launched without a task.',
    version,
  ),
  uvVersion: setting(
    'LAUNCHTAIL_UV_VERSION',
    '0.9.7',
    'The version of uv that installs vLLM.',
    version,
  ),
  pythonVersion: setting(
    'LAUNCHTAIL_PYTHON_VERSION',
    '3.12',
    'The version of Python that vLLM runs on.',
    version,
  ),
  launchTimeout: setting(
    'LAUNCHTAIL_LAUNCH_TIMEOUT',
    '30m',
    'How long a launch may take to become active before it counts as failed.',
    duration(1000, 7 * DAY),
  ),
  launchTimeoutLimit: setting(
    'LAUNCHTAIL_LAUNCH_TIMEOUT_LIMIT',
    '7d',
    'The longest that a request may ask for as its `launch_timeout` or `readiness.timeout`.',
    duration(1000, 366 * DAY),
  ),
  maxLifetime: optional(
    'LAUNCHTAIL_MAX_LIFETIME',
    'as long as it runs',
    'How long a node may be active before it is taken down, if its request names no `max_lifetime`.',
    duration(1000, 3660 * DAY),
  ),
  maxLifetimeLimit: optional(
    'LAUNCHTAIL_MAX_LIFETIME_LIMIT',
    'any',
    'The longest `max_lifetime` that a request may ask for. It also holds where none is asked for.',
    duration(1000, 3660 * DAY),
  ),
  idleTimeout: optional(
    'LAUNCHTAIL_IDLE_TIMEOUT',
    'as long as it runs',
    'How long a node may serve nobody before it is taken down, if its request names no `idle_timeout`.',
    duration(1000, 366 * DAY),
  ),
  idleTimeoutLimit: optional(
    'LAUNCHTAIL_IDLE_TIMEOUT_LIMIT',
    'any',
    'The longest `idle_timeout` that a request may ask for. It also holds where none is asked for.',
    duration(1000, 366 * DAY),
  ),
  keepOnFailure: optional(
    'LAUNCHTAIL_KEEP_ON_FAILURE',
    'it is taken down at once',
    'How long the cluster of a launch that failed stays up, if its request has no `keep_on_failure`.',
    duration(1000, 366 * DAY),
  ),
  keepOnFailureLimit: setting(
    'LAUNCHTAIL_KEEP_ON_FAILURE_LIMIT',
    '24h',
    'The longest that such a cluster may be kept, also by asking again.',
    duration(1000, 366 * DAY),
  ),
  healthInterval: setting(
    'LAUNCHTAIL_HEALTH_INTERVAL',
    '30s',
    'How often the server of each active node is asked whether it is healthy.',
    duration(100, DAY),
  ),
  unattendedAfter: setting(
    'LAUNCHTAIL_UNATTENDED_AFTER',
    '24h',
    'For how long nobody may have looked at a node that runs before it is marked as unattended.',
    duration(1000, 366 * DAY),
  ),
  budget: optional(
    'LAUNCHTAIL_BUDGET',
    'no budget',
    'US dollars that all launches together may cost a day, in UTC. A launch that would break it is refused with 402; what runs is told, and never ended.',
    dollars,
  ),
  clusterPrefix: setting(
    'LAUNCHTAIL_CLUSTER_PREFIX',
    'cic',
    'The beginning of every cluster’s name.',
    clusterPrefix,
  ),
  allowedHosts: setting(
    'LAUNCHTAIL_ALLOWED_HOSTS',
    '',
    'Further host names that requests may use if `HOST` is loopback, such as a proxy’s, separated by commas.',
    list,
  ),
  otlpUnknown: setting(
    'LAUNCHTAIL_OTLP_UNKNOWN',
    'reject',
    'What is done with OTLP records of a node that is not known: `reject` them, or `create` the node.',
    oneOf('reject', 'create'),
  ),
  otlpEndpoint: address(
    'LAUNCHTAIL_OTLP_ENDPOINT',
    'nothing is sent',
    'The OTLP receiver that all logs and launches are sent to; `/v1/logs` and `/v1/traces` are added. It wins over `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  ),
  otlpQuery: setting(
    'LAUNCHTAIL_OTLP_QUERY',
    '',
    'Only entries that this query finds are sent by OTLP; see docs/query.md.',
    asText,
  ),
  otelEndpoint: address(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'none',
    'The same as `LAUNCHTAIL_OTLP_ENDPOINT`.',
  ),
  otelLogsEndpoint: address(
    'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
    'the endpoint with `/v1/logs`',
    'Where logs are sent, if that differs.',
  ),
  otelTracesEndpoint: address(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'the endpoint with `/v1/traces`',
    'Where launches are sent as traces, if that differs.',
  ),
  otelHeaders: headersOf(
    'OTEL_EXPORTER_OTLP_HEADERS',
    'none',
    'Headers for that receiver: `name=value`, separated by commas, values percent-encoded.',
  ),
  otelLogsHeaders: headersOf(
    'OTEL_EXPORTER_OTLP_LOGS_HEADERS',
    'those above',
    'Headers for logs, in place of those above.',
  ),
  otelTracesHeaders: headersOf(
    'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
    'those above',
    'Headers for traces, in place of those above.',
  ),
  otelProtocol: setting(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'http/protobuf',
    'The encoding of what is sent: `http/protobuf` or `http/json`.',
    oneOf('http/protobuf', 'http/json'),
  ),
  otelCompression: setting(
    'OTEL_EXPORTER_OTLP_COMPRESSION',
    'gzip',
    'Whether it is packed: `gzip` or `none`.',
    oneOf('gzip', 'none'),
  ),
  otelTimeout: setting(
    'OTEL_EXPORTER_OTLP_TIMEOUT',
    '10000',
    'How long the receiver may take for one request, in milliseconds.',
    whole(100, 600_000),
  ),
  origins: setting(
    'LAUNCHTAIL_ORIGINS',
    '',
    'The origins whose pages may read from a browser, such as `https://example.org`, separated by commas; see docs/browser.md.',
    originsOf,
  ),
  trustedProxies: setting(
    'LAUNCHTAIL_TRUSTED_PROXIES',
    '',
    'The addresses and networks of reverse proxies, such as `127.0.0.1` or `10.0.0.0/8`, separated by commas. Their `X-Forwarded-For` tells whose wrong tokens and streams are counted. Without it, all that one proxy forwards counts as one address.',
    networksOf,
  ),
  publicUrl: optional(
    'LAUNCHTAIL_PUBLIC_URL',
    'none: messages have no links',
    'The address at which people open the page, such as `https://launchtail.example.com`. Messages of webhooks link there.',
    publicUrl,
  ),
  webhookAllow: setting(
    'LAUNCHTAIL_WEBHOOK_ALLOW',
    '',
    'The addresses, networks and host names, such as `10.0.0.0/8` or `hooks.internal`, to which webhooks may go although not everybody can reach them, separated by commas. There, `http` is allowed too. If `HOST` is loopback, webhooks may also go to programs on this machine.',
    allowedOf,
  ),
  logLevel: setting(
    'LAUNCHTAIL_LOG_LEVEL',
    'info',
    'How much the server logs to standard error: `debug`, `info`, `warn`, `error` or `silent`.',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
  ),
} as const satisfies Record<string, Setting<unknown>>

type Settings = typeof settings
export type SettingName = keyof Settings

/** The values of all settings. Durations are in milliseconds. */
export type Config = {
  readonly [Name in SettingName]: Settings[Name] extends Setting<infer T> ? T : never
}

export interface ConfigSource {
  /** The values from the command line, by setting. */
  flags?: Partial<Record<SettingName, string>>
  env: Readonly<Record<string, string | undefined>>
}

/** Its message has one line for each invalid setting. */
export class ConfigError extends Error {}

/** Reads all settings. A flag wins over the environment, and an empty variable counts as not set. */
export function resolveConfig({ flags = {}, env }: ConfigSource): Config {
  const faults: string[] = []
  const config: Record<string, unknown> = {}
  for (const [name, { env: variable, flag, default: usual, read }] of Object.entries(settings)) {
    const given = flags[name as SettingName]
    const text = given ?? (env[variable] || usual)
    const origin = given === undefined ? variable : `--${flag}`
    try {
      config[name] = text === undefined ? undefined : read(text)
    } catch (error) {
      faults.push(`${origin} ${(error as Error).message}`)
    }
  }
  faults.push(...faultsOfDatabase(config as Config), ...faultsOfWorkers(config as Config))
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return config as Config
}

/** Servers that share their records must share all else that answers are made of. */
function faultsOfDatabase({ databaseUrl, redisUrl, adminTokens }: Config): string[] {
  if (databaseUrl === undefined) return []
  return [
    ...(redisUrl === undefined
      ? ['DATABASE_URL needs REDIS_URL: servers that share their records must share the logs, too']
      : []),
    ...(adminTokens === undefined
      ? [
          'DATABASE_URL needs LAUNCHTAIL_ADMIN_TOKEN: a created token would be good for one server only',
        ]
      : []),
  ]
}

function faultsOfWorkers({ workers, databaseUrl }: Config): string[] {
  // With DATABASE_URL, the other two are asked for above.
  if (!(workers > 1) || databaseUrl !== undefined) return []
  return [
    `--workers ${workers} needs DATABASE_URL, REDIS_URL and LAUNCHTAIL_ADMIN_TOKEN: processes that serve one port must share records, logs and tokens`,
  ]
}

function setting<T>(
  env: string,
  usual: string,
  help: string,
  read: (text: string) => T,
): Setting<T> {
  return { env, flag: flagOf(env), default: usual, help, read }
}

function optional<T>(
  env: string,
  otherwise: string,
  help: string,
  read: (text: string) => T,
): Setting<T | undefined> {
  return { env, flag: flagOf(env), default: undefined, otherwise, help, read }
}

/** An address that may contain a password, so it has no flag. */
function address(env: string, otherwise: string, help: string): Setting<string | undefined> {
  return { env, flag: undefined, default: undefined, otherwise, help, read: httpUrl }
}

/** Headers, which may contain a token, so they have no flag. */
function headersOf(
  env: string,
  otherwise: string,
  help: string,
): Setting<Record<string, string> | undefined> {
  return { env, flag: undefined, default: undefined, otherwise, help, read: headers }
}

function flagOf(env: string): string {
  return env
    .replace(/^LAUNCHTAIL_/, '')
    .toLowerCase()
    .replaceAll('_', '-')
}

function asText(text: string): string {
  return text
}

function whole(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) {
      throw new Error(`must be a whole number from ${min} to ${max}, not "${text}"`)
    }
    return value
  }
}

function dollars(text: string): number {
  const value = /^\d{1,9}(?:\.\d{1,4})?$/.test(text) ? Number(text) : 0
  if (value > 0) return value
  throw new Error(`must be an amount of US dollars such as 50 or 12.50, not "${text}"`)
}

function duration(min: number, max: number) {
  return (text: string): number => {
    const value = parseDuration(text)
    if (value === undefined) {
      throw new Error(`must be a duration such as 500ms, 90s, 10m or 24h, not "${text}"`)
    }
    if (value < min || value > max) {
      throw new Error(`must be from ${min} ms to ${max} ms, not "${text}"`)
    }
    return value
  }
}

function keepFor(text: string): number {
  return text === '0' ? 0 : duration(0, 3660 * DAY)(text)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

function bytes(min: number) {
  return (text: string): number => {
    const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([KMGT]B)?$/.exec(text) ?? []
    if (number === undefined) throw new Error(`must be a size such as 500MB or 5GB, not "${text}"`)
    const value = Math.round(Number(number) * (UNITS[unit] as number))
    if (value < min) throw new Error(`must be at least ${min / 1e6}MB, not "${text}"`)
    return value
  }
}

function boolean(text: string): boolean {
  if (['true', '1', 'on', 'yes'].includes(text.toLowerCase())) return true
  if (['false', '0', 'off', 'no'].includes(text.toLowerCase())) return false
  throw new Error(`must be true or false, not "${text}"`)
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Its errors never quote the text, which may hold a token. */
function headers(text: string): Record<string, string> {
  const pairs = list(text).map((pair) => {
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*(.*)$/.exec(pair) ?? []
    const isSound = /^[\x20-\x7e]*$/.test(value) && !/%(?![0-9a-f]{2})/i.test(value)
    if (name === '' || !isSound) throw new Error('must be name=value, separated by commas')
    return [name, decodeURIComponent(value)] as const
  })
  return Object.fromEntries(pairs)
}

function originsOf(text: string): string[] {
  const origins = list(text)
  const wrong = origins.find((origin) => !isOrigin(origin))
  if (wrong === undefined) return origins
  throw new Error(`must be origins such as https://example.org, without a path, not "${wrong}"`)
}

function oneOf<T extends string>(...values: T[]) {
  return (text: string): T => {
    const value = values.find((known) => known === text)
    if (value === undefined) throw new Error(`must be one of ${values.join(', ')}, not "${text}"`)
    return value
  }
}

/** Its errors never quote the text, which holds tokens. */
function tokens(text: string): string[] {
  const values = list(text)
  if (values.length === 0) throw new Error('contains no token')
  if (!values.every((value) => /^[\x21-\x7e]{1,1024}$/.test(value))) {
    throw new Error(
      'must be at most 1024 visible ASCII characters (separate several tokens with commas)',
    )
  }
  return values
}

function token(text: string): string {
  const [value = '', ...more] = tokens(text)
  if (more.length > 0) throw new Error('must be a single token')
  return value
}

/** Its errors never quote the text, which may contain a password. */
function httpUrl(text: string): string {
  if (/^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text) && !/%(?![0-9a-f]{2})/i.test(text)) {
    return text
  }
  throw new Error('must be an http:// or https:// address')
}

function publicUrl(text: string): string {
  const url = httpUrl(text)
  if (/[?#]/.test(url)) throw new Error('must have no query and no fragment')
  return url.replace(/\/+$/, '')
}

function userName(text: string): string {
  if (/^[A-Za-z0-9][\w.@+-]{0,63}$/.test(text)) return text
  throw new Error(`must be a name of letters, digits, ".", "_", "@", "+" and "-", not "${text}"`)
}

function version(text: string): string {
  if (/^\d[\w.+]{0,63}$/.test(text)) return text
  throw new Error(`must be a version such as 0.13.0, not "${text}"`)
}

/** Its errors never quote the text, which may contain a password. */
function redisUrl(text: string): string {
  if (parseRedisAddress(text)) return text
  throw new Error(
    'must be a redis://, rediss://, redis-sentinel://host:port,.../name or redis-cluster://host:port,... address',
  )
}

/** Its errors never quote the text, which may contain a password. */
function postgresUrl(text: string): string | undefined {
  const fault = faultOfPostgresUrl(text)
  if (fault !== undefined) throw new Error(fault)
  return text
}

/** Its errors never quote the text. */
function secretsKey(text: string): string {
  const isKey = /^[\w+/-]{43}=?$/.test(text) && Buffer.from(text, 'base64').length === 32
  if (!isKey)
    throw new Error('must be 32 bytes in base64, as `openssl rand -base64 32` prints them')
  return text
}

function clusterPrefix(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(text)) {
    throw new Error('must be a lower-case letter, then up to 19 characters from a-z, 0-9 and "-"')
  }
  return text
}
