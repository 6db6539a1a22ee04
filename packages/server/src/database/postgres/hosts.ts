import type { ClientBase, PoolConfig } from 'pg'
import { addressesIn, poolAddress, shownPostgresUrl } from './url.js'

/** A host as it was believed to be the primary. After its failure, the same host is another one of these. */
export interface Host {
  readonly address: PoolConfig
  /** Without user and password. */
  readonly shown: string
}

/** The hosts of `DATABASE_URL`, of which one is believed to be the primary. */
export interface Hosts {
  readonly count: number
  current(): Host
  /** It does not answer, or takes no writes. The next host is tried, once for all who notice. */
  failed(host: Host): void
}

export function createHosts(url: string): Hosts {
  const addresses = addressesIn(url)
  let at = 0
  let current = hostAt()
  return {
    count: addresses.length,
    current: () => current,
    failed(host) {
      if (host !== current) return
      at = (at + 1) % addresses.length
      current = hostAt()
    },
  }

  function hostAt(): Host {
    const address = addresses[at] as string
    return { address: poolAddress(address), shown: shownPostgresUrl(address) }
  }
}

/** Throws where it is a standby, or has been turned read-only. */
export async function refuseReadOnly(client: ClientBase, host: Host, limit = 0): Promise<void> {
  const text = `select current_setting('transaction_read_only') = 'on' as "isReadOnly"`
  const query = { text, ...(limit > 0 && { query_timeout: limit }) }
  const { rows } = await client.query(query)
  if (!rows[0]?.isReadOnly) return
  // With PostgreSQL's own code for a write that it refuses.
  throw Object.assign(new Error(`${host.shown} takes no writes`), { code: '25006' })
}
