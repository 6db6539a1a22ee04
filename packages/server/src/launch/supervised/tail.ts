import { type FileHandle, open } from 'node:fs/promises'

const CHUNK = 64 * 1024

/** Reads a file as it grows. A file that does not exist yet counts as empty. */
export function tail(file: string) {
  const buffer = Buffer.allocUnsafe(CHUNK)
  let handle: FileHandle | undefined
  let position = 0
  return { next, close: async () => handle?.close() }

  /** The next bytes, valid until the next call. */
  async function next(): Promise<Buffer> {
    try {
      handle ??= await open(file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return buffer.subarray(0, 0)
      throw error
    }
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, position)
    position += bytesRead
    return buffer.subarray(0, bytesRead)
  }
}
