import type { AuditRow, auditRows } from './audit-rows.js'

/** Stores lines in the background, several at a time. */
export interface LineWriter {
  add(row: AuditRow): void
  /** The count of a line has grown. */
  changed(row: AuditRow): void
  /** Stores what waits. */
  flush(): Promise<void>
}

/** Milliseconds until lines are stored. */
const STORE_AFTER = 200
/** The same of counts, which grow with each request of a busy sender. */
const COUNTS_AFTER = 30_000
/** The same where they could not be. */
const AGAIN_AFTER = 2000
/** Lines that wait for a database that is away. */
const MOST_WAITING = 10_000

export function createLineWriter({
  rows,
  onFault,
}: {
  rows: Pick<ReturnType<typeof auditRows>, 'add' | 'update'>
  onFault: (message: string, error: unknown) => void
}): LineWriter {
  const fresh = new Set<AuditRow>()
  const grown = new Set<AuditRow>()
  let storing = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  return { add, changed, flush }

  function add(row: AuditRow): void {
    if (fresh.size >= MOST_WAITING) fresh.delete(fresh.values().next().value as AuditRow)
    fresh.add(row)
    schedule()
  }

  function changed(row: AuditRow): void {
    if (fresh.has(row)) return
    grown.add(row)
    schedule(COUNTS_AFTER)
  }

  function schedule(after = STORE_AFTER): void {
    if (dueAt <= performance.now() + after) return
    clearTimeout(timer)
    dueAt = performance.now() + after
    timer = setTimeout(() => void flush(), after).unref()
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    dueAt = Number.POSITIVE_INFINITY
    storing = storing.then(store).catch((error) => {
      onFault('storing the audit log', error)
      schedule(AGAIN_AFTER)
    })
    return storing
  }

  async function store(): Promise<void> {
    const added = [...fresh].map((row) => ({ row, stored: { ...row } }))
    if (added.length > 0) await rows.add(added.map(({ stored }) => stored))
    for (const { row, stored } of added) {
      fresh.delete(row)
      // It was counted on while it was stored.
      if (row.count !== stored.count) changed(row)
    }
    const counts = [...grown]
    if (counts.length === 0) return
    // First: they may grow again while they are stored.
    grown.clear()
    await rows.update(counts).catch((error) => {
      for (const row of counts) grown.add(row)
      throw error
    })
  }
}
