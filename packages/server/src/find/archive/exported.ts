import type { Piece } from '../export/export-bytes.js'
import type { ExportBegin, ExportQuestion } from './exports.js'
import type { ArchiveThread } from './thread.js'

/** An export that has begun. It is made as it is read. */
export interface Exported extends ExportBegin {
  /** False if the archive does not have every entry, because the disk is full. */
  readonly isComplete: boolean
  /** The next entries; undefined after the last. */
  read(): Promise<Piece | undefined>
  /** Its reader has left, or has all of it. */
  close(): void
}

let exports = 0

/**
 * Begins an export in the archive's thread, which is kept until it is closed. Undefined where the archive has
 * passed something over meanwhile.
 */
export async function beginExport(
  thread: Pick<ArchiveThread, 'call' | 'hold'>,
  question: ExportQuestion,
  isComplete: boolean,
): Promise<Exported | undefined> {
  const id = exports++
  const release = thread.hold()
  let isClosed = false
  /** The next piece is made while one is being sent: a thread that waits for its reader is idle. */
  let ahead: Promise<Piece | undefined> | undefined
  try {
    const begin = await thread.call('openExport', id, question, !isComplete)
    if (!begin) release()
    return begin && { ...begin, isComplete, read, close }
  } catch (error) {
    release()
    throw error
  }

  async function read(): Promise<Piece | undefined> {
    const piece = await (ahead ?? next())
    ahead = piece && next()
    // Whoever asks for the next piece is told.
    ahead?.catch(() => {})
    return piece
  }

  async function next(): Promise<Piece | undefined> {
    return isClosed ? undefined : thread.call('readExport', id)
  }

  function close(): void {
    isClosed = true
    // A thread that has ended has no export any more.
    thread.call('closeExport', id).then(release, release)
  }
}
