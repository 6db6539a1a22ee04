import pg from 'pg'
import type { Changes, RowChange, ToldTable } from '../changes.js'
import { type Hosts, refuseReadOnly } from './hosts.js'

export interface ListenOptions {
  hosts: Hosts
  /** True for the process of one of this server's own connections, whose changes it knows. */
  isOurs: (processId: number) => boolean
  onFault: (message: string, error: unknown) => void
}

const CHANNEL = 'launchtail'
/** Milliseconds between two looks at whether the connection still works, and for its answer. */
const LOOK_EVERY = 2000
const TIMEOUT = 1500
/** Milliseconds until a connection that has ended is made anew. */
const AGAIN = 500

/** Listens on a connection of its own, and makes it anew whenever it ends. */
export function listenToChanges({ hosts, isOurs, onFault }: ListenOptions): Changes {
  const callbacks = new Map<ToldTable, ((change: RowChange) => void)[]>()
  const missed: (() => void)[] = []
  let client: pg.Client | undefined
  let host = hosts.current()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let wasThere = false
  void connect()
  return {
    on(table, changed) {
      callbacks.set(table, [...(callbacks.get(table) ?? []), changed])
    },
    onMissed: (act) => void missed.push(act),
    async stop() {
      stopped = true
      clearTimeout(timer)
      close()
    },
  }

  async function connect(): Promise<void> {
    host = hosts.current()
    const mine = new pg.Client({
      ...host.address,
      application_name: 'launchtail changes',
      connectionTimeoutMillis: TIMEOUT,
      query_timeout: TIMEOUT,
      keepAlive: true,
    })
    client = mine
    // What it says comes up again as the failure of a query, or as its end.
    mine.on('error', () => {})
    mine.on('end', () => again(mine))
    mine.on('notification', ({ processId, payload = '' }) => {
      if (!isOurs(processId)) tell(payload)
    })
    try {
      await mine.connect()
      await refuseReadOnly(mine, host)
      await mine.query(`listen ${CHANNEL}`)
      if (wasThere) for (const act of missed) act()
      wasThere = true
      plan(look)
    } catch (error) {
      onFault('listening to changes of the records', error)
      again(mine)
    }
  }

  /** A connection may be dead without saying so, or lead to a primary that is one no more. */
  async function look(): Promise<void> {
    const mine = client
    try {
      if (mine) await refuseReadOnly(mine, host)
      if (mine === client) plan(look)
    } catch {
      if (mine) again(mine)
    }
  }

  function again(mine: pg.Client): void {
    if (mine !== client || stopped) return
    hosts.failed(host)
    close()
    plan(connect, AGAIN)
  }

  function plan(act: () => Promise<void>, wait = LOOK_EVERY): void {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(act, wait).unref()
  }

  function close(): void {
    const mine = client
    client = undefined
    // One that does not answer would never end.
    mine?.end().catch(() => {})
  }

  function tell(payload: string): void {
    const [, sign, table, key = ''] = /^([+-])(\w+) (.+)$/s.exec(payload) ?? []
    const change = { table: table as ToldTable, key, isDeleted: sign === '-' }
    for (const changed of callbacks.get(change.table) ?? []) {
      try {
        changed(change)
      } catch (error) {
        onFault(`a change of ${change.table}`, error)
      }
    }
  }
}
