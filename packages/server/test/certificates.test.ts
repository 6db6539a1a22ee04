import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres } from '../src/database/postgres/open.js'
import { freePort } from '../src/launch/local/port.js'
import { type Authority, type Certificate, createAuthority } from './support/certificates.js'
import { newNode } from './support/nodes.js'
import { startPostgres } from './support/postgres.js'
import { endAll, redisCli, startRedis, startServer, until } from './support/processes.js'

const HERE = ['DNS:localhost', 'IP:127.0.0.1']

let authority: Authority
let good: Certificate
/** What must be refused, and the reason that is given. */
const BAD = ['self-signed', 'of another server', 'expired'] as const
let bad: Record<(typeof BAD)[number], { certificate: Certificate; reason: RegExp }>

beforeAll(async () => {
  authority = await createAuthority()
  good = authority.issue(HERE)
  bad = {
    'self-signed': {
      certificate: authority.selfSigned(HERE),
      reason: /self-signed certificate/,
    },
    'of another server': {
      certificate: authority.issue(['DNS:other.example']),
      reason: /does not match certificate/,
    },
    expired: {
      certificate: authority.issue(HERE, { days: -1 }),
      reason: /certificate has expired/,
    },
  }
}, 60_000)
afterAll(endAll)

describe('rediss://', () => {
  const trusting = () => ({ NODE_EXTRA_CA_CERTS: authority.file })

  async function secured({ key, certificate }: Certificate) {
    const port = await freePort()
    const files = ['--tls-cert-file', certificate, '--tls-key-file', key]
    const authorities = ['--tls-ca-cert-file', authority.file, '--tls-auth-clients', 'no']
    const redis = await startRedis(['--tls-port', String(port), ...files, ...authorities])
    return { redis, url: `rediss://127.0.0.1:${port}` }
  }

  it('stores logs where the certificate is good', async () => {
    const { redis, url } = await secured(good)
    const server = await startServer({ env: { REDIS_URL: url, ...trusting() } })
    const id = await newNode(server)
    expect((await server.post(`/admin/nodes/${id}/logs`, { message: 'safe' })).status).toBe(202)
    expect(await redisCli(redis.port, ['LRANGE', `node_logs:${id}`, '0', '-1'])).toContain('safe')
  })

  it.each(BAD)('sends nothing where it is %s, and says why', async (kind) => {
    const { certificate, reason } = bad[kind]
    const { redis, url } = await secured(certificate)
    const server = await startServer({ env: { REDIS_URL: url, ...trusting() } })
    expect((await server.fetch('/readyz')).status).toBe(503)
    await until('the reason', () => reason.test(server.output()))
    expect(await redisCli(redis.port, ['DBSIZE'])).toBe('0\n')
    expect(await redisCli(redis.port, ['INFO', 'commandstats'])).not.toContain('cmdstat_set')
  })

  it('sends nothing in plain where Redis speaks no TLS', async () => {
    const redis = await startRedis()
    const url = redis.url.replace('redis:', 'rediss:')
    const server = await startServer({ env: { REDIS_URL: url, ...trusting() } })
    expect((await server.fetch('/readyz')).status).toBe(503)
    expect(await redisCli(redis.port, ['INFO', 'commandstats'])).not.toContain('cmdstat_set')
  })
})

describe('sslmode', () => {
  const MODES = ['require', 'verify-ca', 'verify-full']
  const onFault = () => {}

  async function secured(certificate: Certificate): Promise<string> {
    const files = [`ssl_cert_file=${certificate.certificate}`, `ssl_key_file=${certificate.key}`]
    const postgres = await startPostgres(
      ['ssl=on', ...files].flatMap((one) => ['-c', one]),
      { before: (owner) => authority.giveTo(owner, certificate) },
    )
    return postgres.create()
  }

  it('is TLS where the certificate is good', async () => {
    const url = await secured(good)
    for (const mode of MODES) {
      const trusted = `${url}?sslmode=${mode}&sslrootcert=${authority.file}`
      const { database } = await openPostgres({ url: trusted, onFault })
      const { rows } = await sql<{
        ssl: boolean
      }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(database)
      expect(rows).toEqual([{ ssl: true }])
      await database.destroy()
    }
    // Without the authority's own certificate, this one is as good as any.
    const opened = openPostgres({ url: `${url}?sslmode=require`, onFault })
    await expect(opened).rejects.toThrow(/cannot be used: unable to verify the first certificate/)
  })

  it.each(BAD)('is a refusal to start where it is %s', async (kind) => {
    const { certificate, reason } = bad[kind]
    const url = await secured(certificate)
    for (const mode of MODES) {
      const trusting = `${url}?sslmode=${mode}&sslrootcert=${authority.file}`
      await expect(openPostgres({ url: trusting, onFault })).rejects.toThrow(reason)
    }
  })

  it('is a refusal to start where PostgreSQL speaks no TLS', async () => {
    const url = await (await startPostgres()).create()
    for (const mode of MODES) {
      const opened = openPostgres({ url: `${url}?sslmode=${mode}`, onFault })
      await expect(opened).rejects.toThrow(/cannot be used: The server does not support SSL/)
    }
  })
})
