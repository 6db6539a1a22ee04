import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SpoiltFile } from './spoilt-file.js'

const CHUNK = 64 * 1024
/** Four times what a supervisor writes. */
const MOST_BYTES = 1024 ** 3
/** A named pipe must not block this process. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/**
 * Reads a file as it grows. A file that does not exist yet counts as empty. Throws SpoiltFile where it is
 * no file, or has become shorter.
 */
export function tail(file: string) {
  const buffer = Buffer.allocUnsafe(CHUNK)
  let handle: FileHandle | undefined
  let position = 0
  return { next, close: async () => handle?.close() }

  /** The next bytes, valid until the next call. */
  async function next(): Promise<Buffer> {
    handle ??= await opened()
    if (!handle) return buffer.subarray(0, 0)
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, position)
    position += bytesRead
    const { size } = await handle.stat()
    if (size < position) throw new SpoiltFile(file, 'it has become shorter')
    if (size > MOST_BYTES) throw new SpoiltFile(file, `it has ${size} bytes`)
    return buffer.subarray(0, bytesRead)
  }

  async function opened(): Promise<FileHandle | undefined> {
    try {
      const found = await open(file, FLAGS)
      if ((await found.stat()).isFile()) return found
      await found.close()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw SpoiltFile.from(file, error)
    }
    throw new SpoiltFile(file, 'it is not a file')
  }
}
