import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { StorageUnavailable } from '../../errors.js'
import { createAway } from './away.js'
import { createConnections } from './connections.js'
import { endsConnection, isSilence, postgresError } from './faults.js'
import type { Hosts } from './hosts.js'

export interface PoolOptions {
  hosts: Hosts
  /** Milliseconds for one statement, with the wait for a connection. 0 sets no limit. */
  timeout: number
  /** The most connections. */
  size: number
  /** What PostgreSQL shows of them. */
  name?: string
  onFault: (message: string, error: unknown) => void
}

/** Connections to PostgreSQL. Whatever fails with a driver's error fails with one that callers know. */
export interface Pool {
  /** A connection for one user at a time. It must be given back. */
  take(): Promise<Taken>
  /** True if a message's sender is one of these connections. */
  isOurs(processId: number): boolean
  close(): Promise<void>
}

export interface Taken {
  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResult>
  /** Gives it back. One that failed is closed. */
  release(): void
  /** True once nothing can be asked of it any more. */
  isBroken(): boolean
  /** It will be closed instead of being used again. */
  spoil(reason: Error): void
}

/**
 * What an open transaction may wait for its client, in milliseconds. A client that is suspended with
 * the lock of all transactions must not hold up the other servers for longer.
 */
const IDLE_IN_TRANSACTION = 1000
/** Milliseconds by which PostgreSQL ends a statement before this side gives it up. */
const EARLIER = 200
/** Milliseconds for a statement while PostgreSQL is believed to be away. */
const SHORT = 300
/** Milliseconds for the last words to each connection. */
const FAREWELL = 1000

export function createPool({
  hosts,
  timeout,
  size,
  name = 'launchtail',
  onFault,
}: PoolOptions): Pool {
  const connections = createConnections({
    ...{ hosts, timeout, onFault },
    settings: {
      application_name: name,
      max: size,
      keepAlive: true,
      types: { getTypeParser },
      ...(timeout > 0 && {
        connectionTimeoutMillis: timeout,
        // PostgreSQL says so itself, if it can, before its silence is noticed here.
        statement_timeout: timeout - EARLIER,
        lock_timeout: timeout - EARLIER,
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
      }),
    },
  })
  const away = createAway(async () => {
    const one = await take(timeout)
    await one.query('select 1').finally(one.release)
  })
  return {
    take,
    isOurs: connections.isOurs,
    async close() {
      away.stop()
      await Promise.race([connections.end(), sleep(FAREWELL, undefined, { ref: false })])
    },
  }

  async function take(limit = away.is() ? SHORT : timeout): Promise<Taken> {
    const begun = performance.now()
    const client = await connections.connect(limit).catch((error) => {
      noteSilence(error)
      throw postgresError(error)
    })
    let fault: Error | undefined
    const onError = (error: Error) => {
      fault = error
    }
    client.on('error', onError)
    let isFirst = true
    return {
      isBroken: () => fault !== undefined,
      spoil: onError,
      async query(text, values = []) {
        if (fault) throw new StorageUnavailable(fault)
        // The first statement shares its time with the wait for the connection.
        const left = limit - (isFirst ? performance.now() - begun : 0)
        isFirst = false
        try {
          const query = { text, values: values.map(sendable) }
          return await client.query(limit > 0 ? withTimeout(query, left) : query)
        } catch (error) {
          if (endsConnection(error)) fault = error as Error
          connections.failed(client, error)
          noteSilence(error)
          throw postgresError(error)
        }
      },
      release() {
        client.off('error', onError)
        client.release(fault)
      },
    }
  }

  function noteSilence(error: unknown): void {
    if (timeout > 0 && isSilence(error)) away.noticed()
  }
}

/** Not in the driver's types: it is an option of a single query, too. */
function withTimeout(query: pg.QueryConfig, ms: number): pg.QueryConfig {
  return { ...query, query_timeout: Math.max(1, Math.ceil(ms)) } as pg.QueryConfig
}

/** PostgreSQL's texts have no NUL. The driver itself replaces lone surrogates like this. */
function sendable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\u{fffd}')
    : value
}

/** Whole numbers of eight bytes, and sums of them, are numbers here: none is that large. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC
    ? Number
    : pg.types.getTypeParser(oid, format as 'text')
