import type { PoolConfig } from 'pg'

/** How the connection may be protected. libpq's other modes would do without where it is refused. */
const MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/** Why the text cannot be `DATABASE_URL`. It is never quoted: it may contain a password. */
export function faultOfPostgresUrl(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\/[^\s]+$/.test(text) || !URL.canParse(text)) {
    return 'must be a postgres:// address'
  }
  const url = new URL(text)
  if (url.pathname.length < 2)
    return 'must name a database: postgres://user:password@host:5432/name'
  const mode = url.searchParams.get('sslmode')
  if (mode === null || MODES.includes(mode)) return undefined
  return `must have one of ${MODES.join(', ')} as its sslmode`
}

/** The address as the driver takes it. With any `sslmode` but `disable`, the certificate must be valid. */
export function poolAddress(text: string): PoolConfig {
  const url = new URL(text)
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && mode !== 'disable') url.searchParams.set('sslmode', 'verify-full')
  return { connectionString: url.href }
}

/** Where it is, without user and password. */
export function shownPostgresUrl(text: string): string {
  const { host, pathname } = new URL(text)
  return `postgres://${host}${pathname}`
}
