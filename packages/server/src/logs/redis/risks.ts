import type { Redis } from 'ioredis'

/** What Redis says of itself. Undefined where the account may not ask. */
export interface RedisFacts {
  /** `INFO`, name by name. */
  readonly info: ReadonlyMap<string, string> | undefined
  /** `CONFIG GET`, name by name. */
  readonly config: ReadonlyMap<string, string> | undefined
}

export interface Expected {
  /** The number of replicas that must have an append before it is answered. */
  readonly wait: number
  readonly sharded: boolean
}

/** The oldest that the scripts run on, and the oldest with sharded announcements, which a Cluster needs. */
const OLDEST = '6.2'
const OLDEST_CLUSTER = '7.0'

export async function readFacts(redis: Redis): Promise<RedisFacts> {
  const [info, config] = await Promise.all([
    unlessRefused(() => redis.info()),
    unlessRefused(() => redis.config('GET', 'save', 'appendfsync') as Promise<string[]>),
  ])
  return {
    info: info === undefined ? undefined : fieldsOf(info),
    config: config && pairsOf(config),
  }
}

/** A sentence for each way in which this Redis may lose logs or refuse them. */
export function risksOf({ info, config }: RedisFacts, { wait, sharded }: Expected): string[] {
  if (!info) {
    return [
      'version, eviction policy and persistence of Redis were not checked: INFO was refused. Allow it (docs/operations.md has the rights), or check them by hand',
    ]
  }
  return [
    ...versionRisks(info.get('redis_version'), sharded ? OLDEST_CLUSTER : OLDEST),
    ...evictionRisks(info),
    ...persistenceRisks(info, config),
    ...replicaRisks(info, wait),
  ]
}

function versionRisks(version: string | undefined, oldest: string): string[] {
  if (version === undefined || !isOlder(version, oldest)) return []
  return [`Redis ${version} is older than ${oldest}, which this server needs: upgrade it`]
}

function isOlder(version: string, than: string): boolean {
  const [[major = 0, minor = 0], [wantedMajor = 0, wantedMinor = 0]] = [version, than].map((text) =>
    text.split('.').map(Number),
  ) as [number[], number[]]
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
}

/** Every list has a time to live, so the policies for volatile keys remove them as well. */
function evictionRisks(info: ReadonlyMap<string, string>): string[] {
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  const limit = Number(info.get('maxmemory') ?? 0)
  if (limit === 0 || policy === 'noeviction') return []
  return [
    `Redis removes logs when its memory is full: maxmemory-policy is ${policy} and maxmemory ${limit} bytes. Set maxmemory-policy to noeviction`,
  ]
}

function persistenceRisks(
  info: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string> | undefined,
): string[] {
  if (info.get('aof_enabled') === '1') {
    return [
      ...(config?.get('appendfsync') === 'no'
        ? [
            'Redis leaves it to the system when to write appends to its disk (appendfsync no): when its machine fails, the last half minute may be lost. Set appendfsync to everysec or always',
          ]
        : []),
      ...(info.get('aof_last_write_status') === 'err'
        ? ['Redis could not write its append-only file: is its disk full?']
        : []),
    ]
  }
  const failed =
    info.get('rdb_last_bgsave_status') === 'err'
      ? ['Redis could not write its last snapshot: is its disk full?']
      : []
  return [...failed, withoutAppendOnly(config?.get('save'))]
}

function withoutAppendOnly(save: string | undefined): string {
  if (save === '') {
    return 'Redis keeps nothing on its disk (appendonly no, save ""): all live logs are gone when it ends. Set appendonly to yes'
  }
  const unknown =
    save === undefined ? '; how often it saves was not checked, for CONFIG was refused' : ''
  return `Redis writes snapshots only (appendonly no${unknown}): what was appended since the last one is lost when it ends unexpectedly. Set appendonly to yes`
}

function replicaRisks(info: ReadonlyMap<string, string>, wait: number): string[] {
  const replicas = Number(info.get('connected_slaves') ?? 0)
  if (info.get('role') !== 'master' || replicas >= wait) return []
  return [
    `Redis has ${replicas} of the ${wait} replicas that LAUNCHTAIL_REDIS_WAIT names: appends are refused until it has them`,
  ]
}

/** An account without the right gets NOPERM; some services have no such command. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (/^(?:NOPERM|ERR unknown)/.test((error as Error).message)) return undefined
    throw error
  }
}

function fieldsOf(info: string): Map<string, string> {
  const pairs = info.split('\r\n').map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1)] as const
  })
  return new Map(pairs)
}

function pairsOf(values: readonly string[]): Map<string, string> {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < values.length; i += 2) {
    pairs.push([values[i] as string, values[i + 1] as string])
  }
  return new Map(pairs)
}
