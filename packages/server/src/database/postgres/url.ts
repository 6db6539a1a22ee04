import type { PoolConfig } from 'pg'

/** How the connection may be protected. libpq's other modes would do without where it is refused. */
const MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/** What libpq calls a session that may write. Anything else could not store records. */
const SESSIONS = ['read-write', 'primary']

/** Why the text cannot be `DATABASE_URL`. It is never quoted: it may contain a password. */
export function faultOfPostgresUrl(text: string): string | undefined {
  const addresses = addressesIn(text)
  const [first = ''] = addresses
  const isComplete = addresses.length === 1 || addresses.every(hasHost)
  if (
    !/^postgres(ql)?:\/\/[^\s]+$/.test(text) ||
    !addresses.every((one) => URL.canParse(one)) ||
    !isComplete
  ) {
    return 'must be a postgres:// address'
  }
  const url = new URL(first)
  const session = url.searchParams.get('target_session_attrs')
  if (session !== null && !SESSIONS.includes(session)) {
    return `must have one of ${SESSIONS.join(', ')} as its target_session_attrs`
  }
  if (url.pathname.length < 2)
    return 'must name a database: postgres://user:password@host:5432/name'
  const mode = url.searchParams.get('sslmode')
  if (mode === null || MODES.includes(mode)) return undefined
  return `must have one of ${MODES.join(', ')} as its sslmode`
}

/** As libpq does, several hosts may be named: `postgres://user@one:5432,two:5433/name`. An address for each. */
export function addressesIn(text: string): string[] {
  const [, before = '', hosts = '', after = ''] =
    /^(\w*:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(text) ?? []
  return hosts.split(',').map((host) => before + host + after)
}

function hasHost(address: string): boolean {
  return URL.canParse(address) && new URL(address).hostname !== ''
}

/** The address of one host as the driver takes it. With any `sslmode` but `disable`, the certificate must be valid. */
export function poolAddress(text: string): PoolConfig {
  const url = new URL(text)
  // Only sessions that may write are used.
  url.searchParams.delete('target_session_attrs')
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && mode !== 'disable') url.searchParams.set('sslmode', 'verify-full')
  return { connectionString: url.href }
}

/** Where it is, without user and password. */
export function shownPostgresUrl(text: string): string {
  const urls = addressesIn(text).map((address) => new URL(address))
  return `postgres://${urls.map(({ host }) => host)}${urls[0]?.pathname}`
}

export function passwordIn(text: string): string {
  return decodeURIComponent(new URL(addressesIn(text)[0] as string).password)
}
