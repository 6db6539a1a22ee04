import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { z } from 'zod'
import { SpoiltFile } from './spoilt-file.js'

/** Far more than a supervisor ever writes into one. */
const MOST_BYTES = 64 * 1024

/**
 * The content of a file that is written as a whole; undefined while it does not exist. Throws SpoiltFile
 * where it is not what its writer would write: the launch's own programs could have changed it.
 */
export function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  const text = readSmall(file)
  if (text === undefined) return undefined
  const { success, data } = schema.safeParse(parsed(text))
  if (!success) throw new SpoiltFile(file, 'it has another content')
  return data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No schema of ours takes it.
    return undefined
  }
}

/** A named pipe must not block this process, and `/dev/zero` behind a link must not fill its memory. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

function readSmall(file: string): string | undefined {
  let fd: number
  try {
    fd = openSync(file, FLAGS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw SpoiltFile.from(file, error)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new SpoiltFile(file, 'it is not a file')
    if (stat.size > MOST_BYTES) throw new SpoiltFile(file, `it has ${stat.size} bytes`)
    const buffer = Buffer.alloc(stat.size)
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, stat.size, 0))
  } finally {
    closeSync(fd)
  }
}
