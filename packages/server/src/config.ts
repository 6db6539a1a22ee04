import { parseDuration } from '@launchtail/client/protocol'
import { parseRedisAddress } from './logs/redis/url.js'

/** A setting: everything that is known of it stands here, and the docs are made from it. */
export interface Setting<T> {
  readonly env: string
  /** As on the command line, without the dashes. Undefined for one that must not stand there. */
  readonly flag: string | undefined
  /** As the user would write it; undefined where there is none. */
  readonly default: string | undefined
  /** What the default means where there is none. */
  readonly otherwise?: string
  readonly help: string
  /** Reads the text, or throws what is wrong with it as a sentence's end: `must be …`. */
  readonly read: (text: string) => T
}

const DAY = 86_400_000

export const settings = {
  host: setting('HOST', '127.0.0.1', 'The address to listen on.', asText),
  port: setting('PORT', '8080', 'The port to listen on; 0 takes a free one.', whole(0, 65_535)),
  adminTokens: {
    env: 'LAUNCHTAIL_ADMIN_TOKEN',
    // A command line can be read by every account of the machine.
    flag: undefined,
    default: undefined,
    otherwise: 'made at the first start and kept in the data folder',
    help: 'The admin token; several with commas between them, while one is replaced by another.',
    read: tokens,
  },
  dataDir: setting(
    'LAUNCHTAIL_DATA_DIR',
    './data',
    'The folder of the embedded store, the made token and the launches.',
    asText,
  ),
  redisUrl: optional(
    'REDIS_URL',
    'embedded SQLite',
    'Where the live logs are: `redis://`, `rediss://`, `redis-sentinel://host:port,host:port/name` or `redis-cluster://host:port,host:port`.',
    redisUrl,
  ),
  redisWait: setting(
    'LAUNCHTAIL_REDIS_WAIT',
    '0',
    'How many of Redis’s replicas must hold an entry before it is answered for.',
    whole(0, 10),
  ),
  retention: setting(
    'LAUNCHTAIL_RETENTION',
    '24h',
    'How long a log is kept after its last entry.',
    duration(1000, 366 * DAY),
  ),
  pollInterval: setting(
    'LAUNCHTAIL_POLL_INTERVAL',
    '500ms',
    'How often watched Redis lists are looked at, for writers that do not announce themselves.',
    duration(10, 60_000),
  ),
  streamTimeout: setting(
    'LAUNCHTAIL_STREAM_TIMEOUT',
    '30m',
    'When a stream is ended for its client to connect anew (a tenth more or less).',
    duration(1000, DAY),
  ),
  heartbeat: setting(
    'LAUNCHTAIL_HEARTBEAT',
    '15s',
    'How often a stream shows that it is alive.',
    duration(100, 600_000),
  ),
  storageGrace: setting(
    'LAUNCHTAIL_STORAGE_GRACE',
    '60s',
    'How long a stream waits for a storage that is out of reach before it ends.',
    duration(0, DAY),
  ),
  maxEntries: setting(
    'LAUNCHTAIL_MAX_ENTRIES',
    '100000',
    'How many entries a node’s log takes in full; past it only `warn`, `error` and phase changes.',
    whole(1, 10_000_000),
  ),
  drain: setting(
    'LAUNCHTAIL_DRAIN',
    '5s',
    'Over how long the streams are ended when the server is.',
    duration(0, 600_000),
  ),
  drainDelay: setting(
    'LAUNCHTAIL_DRAIN_DELAY',
    '0s',
    'How long requests are still served after SIGTERM, for a balancer to notice.',
    duration(0, 600_000),
  ),
  localLauncher: optional(
    'LAUNCHTAIL_LOCAL_LAUNCHER',
    'on where `HOST` is loopback',
    'Whether `provider: "local"` may run commands on this machine.',
    boolean,
  ),
  localEnv: setting(
    'LAUNCHTAIL_LOCAL_ENV',
    '',
    'Which of the server’s environment variables local launches are given, beside `PATH`, `HOME` and `LANG`; with commas.',
    list,
  ),
  skypilotEndpoint: {
    env: 'SKYPILOT_API_SERVER_ENDPOINT',
    // It may name a user and a password.
    flag: undefined,
    default: undefined,
    otherwise: 'none: the `sky` command if there is one',
    help: 'The address of SkyPilot’s API server, through which every provider but `local` is launched.',
    read: httpUrl,
  },
  skypilotToken: {
    env: 'SKYPILOT_SERVICE_ACCOUNT_TOKEN',
    // A command line can be read by every account of the machine.
    flag: undefined,
    default: undefined,
    otherwise: 'none',
    help: 'The token of a service account of SkyPilot’s API server.',
    read: token,
  },
  vllmVersion: setting(
    'LAUNCHTAIL_VLLM_VERSION',
    '0.13.0',
    'The version of vLLM on nodes that are launched without a task of their own.',
    version,
  ),
  uvVersion: setting(
    'LAUNCHTAIL_UV_VERSION',
    '0.9.7',
    'The version of uv that installs it.',
    version,
  ),
  pythonVersion: setting(
    'LAUNCHTAIL_PYTHON_VERSION',
    '3.12',
    'The version of Python it runs on.',
    version,
  ),
  launchTimeout: setting(
    'LAUNCHTAIL_LAUNCH_TIMEOUT',
    '30m',
    'How long a launch may take to become active before it is failed.',
    duration(1000, 7 * DAY),
  ),
  clusterPrefix: setting(
    'LAUNCHTAIL_CLUSTER_PREFIX',
    'cic',
    'What the clusters’ names begin with.',
    clusterPrefix,
  ),
  allowedHosts: setting(
    'LAUNCHTAIL_ALLOWED_HOSTS',
    '',
    'Names the server is reached by, beside its own, where `HOST` is loopback: a proxy’s, say; with commas.',
    list,
  ),
  logLevel: setting(
    'LAUNCHTAIL_LOG_LEVEL',
    'info',
    'How much the server tells of itself on standard error.',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
  ),
} as const satisfies Record<string, Setting<unknown>>

type Settings = typeof settings
export type SettingName = keyof Settings

/** Every setting's value. Durations are in milliseconds. */
export type Config = {
  readonly [Name in SettingName]: Settings[Name] extends Setting<infer T> ? T : never
}

export interface ConfigSource {
  /** By setting: what stood on the command line. */
  flags?: Partial<Record<SettingName, string>>
  env: Readonly<Record<string, string | undefined>>
}

/** Says all that is wrong, a line each. */
export class ConfigError extends Error {}

/** Reads all settings: a flag wins over the environment, an empty variable is one that is not set. */
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
  if (env.DATABASE_URL) {
    faults.push('DATABASE_URL: records in PostgreSQL are not supported yet; leave it out')
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return config as Config
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
  )
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

function oneOf<T extends string>(...values: T[]) {
  return (text: string): T => {
    const value = values.find((known) => known === text)
    if (value === undefined) throw new Error(`must be one of ${values.join(', ')}, not "${text}"`)
    return value
  }
}

/** Never says what it read: that would be a token. */
function tokens(text: string): string[] {
  const values = list(text)
  if (values.length === 0) throw new Error('holds no token')
  if (!values.every((value) => /^[\x21-\x7e]{1,1024}$/.test(value))) {
    throw new Error(
      'must be at most 1024 visible ASCII characters (several with commas between them)',
    )
  }
  return values
}

function token(text: string): string {
  const [value = '', ...more] = tokens(text)
  if (more.length > 0) throw new Error('must be a single token')
  return value
}

/** Never says what it read: it may hold a password. */
function httpUrl(text: string): string {
  if (/^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text) && !/%(?![0-9a-f]{2})/i.test(text)) {
    return text
  }
  throw new Error('must be an http:// or https:// address')
}

function version(text: string): string {
  if (/^\d[\w.+]{0,63}$/.test(text)) return text
  throw new Error(`must be a version such as 0.13.0, not "${text}"`)
}

/** Never says what it read: it may hold a password. */
function redisUrl(text: string): string {
  if (parseRedisAddress(text)) return text
  throw new Error(
    'must be a redis://, rediss://, redis-sentinel://host:port,.../name or redis-cluster://host:port,... address',
  )
}

function clusterPrefix(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(text)) {
    throw new Error('must be a letter and then up to 19 of a-z, 0-9 and "-", all lower case')
  }
  return text
}
