import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ArchiveThread } from './thread.js'

export interface ImportOnceOptions {
  /** The archive that this server had in a file of its own, if it had one. */
  file: string | undefined
  thread: Pick<ArchiveThread, 'call'>
  onNotice: (notice: string) => void
  onFault: (error: unknown) => void
}

/** Milliseconds until it is tried again: PostgreSQL may be away. */
const AGAIN = 10_000

/** Has the entries of the file taken into the archive that the servers share. Returns what stops it. */
export function startImport({ file, thread, onNotice, onFault }: ImportOnceOptions): () => void {
  const stopped = new AbortController()
  if (file !== undefined && existsSync(file)) void takeIn(file)
  return () => stopped.abort()

  async function takeIn(path: string): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        const imported = await thread.call('importFile', path)
        if (imported) onNotice(noticeOf(path, imported))
        return
      } catch (error) {
        if (!stopped.signal.aborted) onFault(error)
        await sleep(AGAIN, undefined, { signal: stopped.signal, ref: false }).catch(() => {})
      }
    }
  }
}

function noticeOf(path: string, { entries, left }: { entries: number; left: number }): string {
  const rest =
    left === 0
      ? 'it is not needed any more'
      : `${left} others are left in it, of nodes that were deleted or of logs that were there in part`
  return `${entries} entries of this server’s own archive were taken into PostgreSQL; the file is now ${path}.imported, and ${rest}`
}
