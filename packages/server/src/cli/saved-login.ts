import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { CliError, EXIT } from './exit.js'
import { unreadable } from './unreadable.js'

/** A server's address, and the token that belongs to it. */
export interface Saved {
  url?: string
  token?: string
}

/** The file in which `launchtail login` keeps the address and the token. */
function loginFile(): string {
  const folder = process.env.XDG_CONFIG_HOME || join(homedir(), '.config')
  return join(folder, 'launchtail', 'config.json')
}

export async function saveLogin(login: Required<Saved>): Promise<string> {
  const file = loginFile()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(file, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
  // Writing an existing file does not change its mode.
  await chmod(file, 0o600)
  return file
}

export async function readLogin(): Promise<Saved> {
  const file = loginFile()
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw unreadable(file, error)
  }
  try {
    return JSON.parse(text) as Saved
  } catch (cause) {
    const words = `${file} is not valid; run "launchtail login" to replace it`
    throw new CliError(words, EXIT.unexpected, { cause })
  }
}
