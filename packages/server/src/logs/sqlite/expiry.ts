import { setImmediate as nextTurn } from 'node:timers/promises'
import { StorageFull } from '../../errors.js'
import { storageError } from '../../sqlite.js'
import type { FreePages } from './free-pages.js'
import type { Removal } from './removal.js'
import type { WriteStatements } from './statements.js'
import type { Writer } from './writer.js'

/** Removes what has expired, deletes the entries of removed lists, and gives their room back. */
export interface Expiry {
  /** Deletes the entries of removed lists as soon as nothing else is being written. */
  purge(): void
  stop(): void
}

export interface ExpiryOptions {
  writer: Writer
  write: WriteStatements
  removal: Removal
  freePages: FreePages
  /** Called when a list has expired. */
  onExpired: (nodeId: string) => void
  /** Makes some room on a full disk while it acts. */
  withRoom: <T>(act: () => Promise<T>) => Promise<T>
  now: () => number
}

const SWEEP_EVERY = 60_000
/** Rows deleted before other work gets its turn; each is up to 16 KiB. */
const PURGED = 200

export function startExpiry({
  writer,
  write,
  removal,
  freePages,
  onExpired,
  withRoom,
  now,
}: ExpiryOptions): Expiry {
  let stopped = false
  const sweeper = setInterval(() => run({ sweeping: true }), SWEEP_EVERY)
  sweeper.unref()
  // A process that was killed may have left some.
  run({ sweeping: false })
  return {
    purge: () => run({ sweeping: false }),
    stop() {
      stopped = true
      clearInterval(sweeper)
    },
  }

  function run({ sweeping }: { sweeping: boolean }): void {
    // The disk may be full or locked. Nothing is lost by it: the next sweep tries again.
    void inSlices(sweeping)
      .catch((error) => {
        if (!(storageError(error) instanceof StorageFull)) throw error
        return withRoom(() => writer.exclusively(() => atOnce(sweeping)))
      })
      .catch(() => {})
  }

  /** Others write in between: a list may have 100,000 entries. */
  async function inSlices(sweeping: boolean): Promise<void> {
    if (sweeping) await writer.exclusively(sweep)
    let deleted = false
    while (await writer.exclusively(async () => deleteSome())) {
      deleted = true
      await nextTurn()
    }
    while (await writer.exclusively(async () => freeSome())) await nextTurn()
    if (deleted) await writer.exclusively(async () => settle())
  }

  /**
   * The same on a full disk, where nobody else shall take what is freed. In one transaction, because
   * the pages of what is deleted are then not written to the write-ahead log, which could not grow.
   */
  async function atOnce(sweeping: boolean): Promise<void> {
    if (sweeping) await sweep()
    await writer.transaction(async () => {
      while (deleteSome()) await nextTurn()
    })
    while (freeSome()) await nextTurn()
    settle()
  }

  async function sweep(): Promise<void> {
    if (stopped) return
    const expired = write.expired.all(now()) as { id: number; node: string }[]
    await writer.transaction(() => {
      for (const { id } of expired) removal.bury(id)
      write.oldOffsets.run(now())
      write.oldReplies.run(now())
    })
    for (const { node } of expired) onExpired(node)
  }

  /** False if there is nothing left to delete. */
  function deleteSome(): boolean {
    const dead = stopped ? undefined : (write.dead.get() as { id: number } | undefined)
    if (!dead) return false
    const { changes } = write.purge.run(dead.id, dead.id, PURGED)
    if (Number(changes) < PURGED) write.buried.run(dead.id)
    return true
  }

  /** False if there is nothing left to give back. */
  function freeSome(): boolean {
    return !stopped && freePages.giveBack()
  }

  function settle(): void {
    if (!stopped) freePages.settle()
  }
}
