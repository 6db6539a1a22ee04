import { open, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Some room on the disk, held by a file that is given up when the disk is full: without any room,
 * SQLite cannot even delete.
 */
export interface DiskReserve {
  /** Gives the room up. False if there was none left to give. */
  giveUp(): Promise<boolean>
  close(): void
}

const SIZE = 4 * 1024 * 1024
/** The part of the room that is left which the reserve takes at most: the databases need it too. */
const PART = 1 / 4
/** Less than this does not help. */
const SMALLEST = 128 * 1024
/** As much as is written at once: all of it would stay in memory for long. */
const PIECE = 64 * 1024
const LOOK_EVERY = 5000

/** Creates the file as soon as there is room for it, now or later. The start does not wait for it. */
export function openDiskReserve(file: string): DiskReserve {
  let held = fill(file)
  const timer = setInterval(() => {
    held = held.then((isHeld) => isHeld || fill(file))
  }, LOOK_EVERY).unref()
  return {
    async giveUp() {
      const wasHeld = held
      // Two that ask at once: only one of them gives it up.
      held = Promise.resolve(false)
      if (!(await wasHeld)) return false
      await rm(file, { force: true })
      return true
    },
    close: () => clearInterval(timer),
  }
}

async function fill(file: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(dirname(file))
    const size = Math.min(SIZE, Math.floor(bavail * bsize * PART))
    if (size < SMALLEST) return false
    await write(file, size)
    return true
  } catch {
    // The server runs without a reserve, and tries again later.
    await rm(file, { force: true }).catch(() => {})
    return false
  }
}

/** Written out, because a file with holes takes no room. */
async function write(file: string, size: number): Promise<void> {
  const handle = await open(file, 'w', 0o600)
  try {
    const piece = Buffer.alloc(PIECE, 1)
    for (let left = size; left > 0; ) {
      const { bytesWritten } = await handle.write(piece, 0, Math.min(left, PIECE))
      left -= bytesWritten
    }
  } finally {
    await handle.close()
  }
}
