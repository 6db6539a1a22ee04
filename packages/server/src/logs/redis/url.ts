/** Where Redis is, read from `REDIS_URL`. */
export type RedisAddress =
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel' | 'cluster'
      readonly hosts: readonly { host: string; port: number }[]
      /** The name that the Sentinels know the master by. */
      readonly name: string
      readonly username: string | undefined
      readonly password: string | undefined
    }

const MANY = /^redis-(sentinel|cluster):\/\/(?:([^:@/]*):([^@/]*)@)?([^@/?#\s]+)(?:\/([\w.-]+)?)?$/

/**
 * `redis://` and `rediss://` as everywhere; `redis-sentinel://host:port,host:port/master` and
 * `redis-cluster://host:port,host:port`, both also with `user:password@`. Undefined where it is
 * none of these. The text is never repeated in an error, because it may hold a password.
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  if (/^rediss?:\/\/[^\s]+$/.test(text) && URL.canParse(text)) return { kind: 'single', url: text }
  const [, kind, username, password, list = '', name = 'mymaster'] = MANY.exec(text) ?? []
  if (kind !== 'sentinel' && kind !== 'cluster') return undefined
  const hosts = list.split(',').map((item) => {
    const [, host = '', port] = /^(\[[\da-f:]+\]|[^:]+):(\d{1,5})$/i.exec(item) ?? []
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  })
  if (!hosts.every(({ host, port }) => host !== '' && port > 0 && port < 65_536)) return undefined
  try {
    return {
      kind,
      hosts,
      name,
      username: username ? decodeURIComponent(username) : undefined,
      password: password ? decodeURIComponent(password) : undefined,
    }
  } catch {
    // A `%` that begins no escape.
    return undefined
  }
}
