import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Saved } from './saved-login.js'

/**
 * The address of the server that runs in this folder, and the token it created. Empty if none runs:
 * after a crash the address is still in the data folder, but another program may have the port.
 */
export async function serverHere(): Promise<Saved> {
  const folder = process.env.LAUNCHTAIL_DATA_DIR || 'data'
  // A demonstration keeps its data apart.
  for (const each of [folder, join(folder, 'demo')]) {
    const [url, token, pid] = await Promise.all([
      textIn(join(each, 'url')),
      textIn(join(each, 'admin-token')),
      textIn(join(each, 'pid')),
    ])
    if (url && pid && isAlive(Number(pid))) return { url, ...(token && { token }) }
  }
  return {}
}

/** The text of the file. Undefined if there is none, or if this account cannot read it. */
function textIn(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // The process of another account cannot be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
