import { open, rm, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Some room on the disk, held by a file that is given up while room is being made: without any,
 * SQLite cannot even delete.
 */
export interface DiskReserve {
  /** Gives the room up while `act` frees some, and takes it back before anybody else fills the disk. */
  lend<T>(act: () => Promise<T>): Promise<T>
  close(): void
}

/** A write-ahead log of 4 MiB must fit into its file before anything else is possible. */
const SIZE = 8 * 1024 * 1024
/** The part of the room that is left which the reserve takes at most: the databases need it too. */
const PART = 1 / 4
/** Less than this does not help. */
const SMALLEST = 128 * 1024
/** As much as is written at once: all of it would stay in memory for long. */
const PIECE = 64 * 1024
const LOOK_EVERY = 5000

/** Creates the file as soon as there is room for it, now or later. The start does not wait for it. */
export function openDiskReserve(file: string): DiskReserve {
  let borrowers = 0
  /** The most bytes that were held: what is lent is taken back. */
  let most = 0
  /** What is done to the file, one after the other. Never rejects. */
  let done = settled(async () => {
    // The file of an earlier run: on a disk that is full, there would be no room for another.
    most = await sizeOf(file)
    await grow()
  })
  const timer = setInterval(() => void next(grow), LOOK_EVERY).unref()
  return { lend, close: () => clearInterval(timer) }

  async function lend<T>(act: () => Promise<T>): Promise<T> {
    borrowers += 1
    try {
      await next(() => rm(file, { force: true }))
      return await act()
    } finally {
      borrowers -= 1
      await next(() => grow(most))
    }
  }

  function next(act: () => Promise<void>): Promise<void> {
    done = done.then(() => settled(act))
    return done
  }

  /** To `least` bytes if there is that much room at all, and beyond them where there is plenty. */
  async function grow(least = 0): Promise<void> {
    if (borrowers > 0) return
    const held = await sizeOf(file)
    const { bavail, bsize } = await statfs(dirname(file))
    const room = held + bavail * bsize
    const size = Math.min(SIZE, room, Math.max(least, Math.floor(room * PART)))
    if (size < Math.max(SMALLEST, held + PIECE)) return
    await fill(file, held, size)
    most = Math.max(most, size)
  }
}

/** Others may take the room meanwhile: then there is a smaller reserve, until the next look. */
async function settled(act: () => Promise<void>): Promise<void> {
  await act().catch(() => {})
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined)
  return found?.size ?? 0
}

/** Written out, because a file with holes takes no room. */
async function fill(file: string, from: number, to: number): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  try {
    const piece = Buffer.alloc(PIECE, 1)
    for (let left = to - from; left > 0; ) {
      const { bytesWritten } = await handle.write(piece, 0, Math.min(left, PIECE))
      left -= bytesWritten
    }
  } finally {
    await handle.close()
  }
}
