import { setImmediate as nextTurn } from 'node:timers/promises'
import { StorageFull } from '../../errors.js'
import { storageError } from '../../sqlite.js'
import type { Removal } from './removal.js'
import type { WriteStatements } from './statements.js'
import { SLICE, type Writer } from './writer.js'

/** Removes what has expired, and deletes the entries of removed lists. */
export interface Expiry {
  /** Deletes the entries of removed lists as soon as nothing else is being written. */
  purge(): void
  stop(): void
}

export interface ExpiryOptions {
  writer: Writer
  write: WriteStatements
  removal: Removal
  /** Called when a list has expired. */
  onExpired: (nodeId: string) => void
  /** Makes some room on a full disk. False if there is none to be made. */
  makeRoom: () => Promise<boolean>
  now: () => number
}

const SWEEP_EVERY = 60_000

export function startExpiry({
  writer,
  write,
  removal,
  onExpired,
  makeRoom,
  now,
}: ExpiryOptions): Expiry {
  let stopped = false
  const sweeper = setInterval(() => run(sweep), SWEEP_EVERY)
  sweeper.unref()
  // A process that was killed may have left some.
  run(deleteEntries)
  return {
    purge: () => run(deleteEntries),
    stop() {
      stopped = true
      clearInterval(sweeper)
    },
  }

  function run(act: () => Promise<void>): void {
    const again = async (error: unknown) => {
      if (storageError(error) instanceof StorageFull && (await makeRoom())) {
        await writer.exclusively(act)
      }
    }
    // The disk may be full or locked. Nothing is lost by it: the next sweep tries again.
    void writer
      .exclusively(act)
      .catch(again)
      .catch(() => {})
  }

  async function sweep(): Promise<void> {
    const expired = write.expired.all(now()) as { id: number; node: string }[]
    await writer.transaction(() => {
      for (const { id } of expired) removal.bury(id)
      write.oldOffsets.run(now())
      write.oldReplies.run(now())
    })
    for (const { node } of expired) onExpired(node)
    await deleteEntries()
  }

  /** A slice a turn, because a list may have 100,000 entries. */
  async function deleteEntries(): Promise<void> {
    for (;;) {
      const dead = write.dead.get() as { id: number } | undefined
      if (!dead || stopped) return
      const { changes } = write.purge.run(dead.id, dead.id, SLICE)
      if (Number(changes) < SLICE) write.buried.run(dead.id)
      await nextTurn()
    }
  }
}
