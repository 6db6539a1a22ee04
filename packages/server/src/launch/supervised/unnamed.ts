import { openSync, unlinkSync, writeSync } from 'node:fs'

/** Opens a file with this content that has no name: nobody can find it in the folder. */
export function unnamed(file: string, content: string): number {
  const fd = openSync(file, 'wx+', 0o600)
  unlinkSync(file)
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at)
  return fd
}
