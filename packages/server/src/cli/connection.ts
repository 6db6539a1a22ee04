import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Client, createClient } from '@launchtail/client'
import type { Command } from 'commander'
import { CliError, EXIT } from './exit.js'

interface Saved {
  url?: string
  token?: string
}

export const USUAL_URL = 'http://127.0.0.1:8080'

export interface ServerFlags {
  url?: string
  tokenFile?: string
}

/** Adds the flags that say which server is meant. */
export function withServer(command: Command): Command {
  return command
    .option('--url <address>', `the server (default: LAUNCHTAIL_URL, the login, or ${USUAL_URL})`)
    .option('--token-file <file>', 'a file that holds the admin token')
}

/**
 * The server and the token: from flags, the environment, the login, or the data folder here. A
 * token is never taken from the command line itself, which every account of the machine can read.
 */
export async function connect({ url, tokenFile }: ServerFlags): Promise<Client> {
  const saved = await readLogin()
  const baseUrl = addressOf(url || process.env.LAUNCHTAIL_URL || saved.url || USUAL_URL)
  const token = tokenFile
    ? await tokenIn(tokenFile)
    : process.env.LAUNCHTAIL_ADMIN_TOKEN || saved.token || (await tokenHere())
  if (!token) {
    throw new CliError(
      'there is no token: run "launchtail login", or set LAUNCHTAIL_ADMIN_TOKEN',
      EXIT.notAllowed,
    )
  }
  return createClient({ baseUrl, token })
}

/** Throws for what is no server's address. */
export function addressOf(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url
  throw new CliError(`"${url}" is no server's address; it begins with http:// or https://`)
}

/** Where `launchtail login` keeps the address and the token. */
function loginFile(): string {
  const folder = process.env.XDG_CONFIG_HOME || join(homedir(), '.config')
  return join(folder, 'launchtail', 'config.json')
}

export async function saveLogin(login: Required<Saved>): Promise<string> {
  const file = loginFile()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(file, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
  // A file that was there keeps its mode when it is written.
  await chmod(file, 0o600)
  return file
}

async function readLogin(): Promise<Saved> {
  const file = loginFile()
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`)
  }
  try {
    return JSON.parse(text) as Saved
  } catch (cause) {
    const words = `${file} is not valid; run "launchtail login" to write it anew`
    throw new CliError(words, EXIT.unexpected, { cause })
  }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** The token that a server made which was started in this folder. */
async function tokenHere(): Promise<string | undefined> {
  const folder = process.env.LAUNCHTAIL_DATA_DIR || 'data'
  return readFile(join(folder, 'admin-token'), 'utf8').then(
    (text) => text.trim(),
    // There is none here, or it is not ours to read.
    () => undefined,
  )
}
