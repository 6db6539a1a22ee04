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

export const DEFAULT_URL = 'http://127.0.0.1:8080'

export interface ServerFlags {
  url?: string
  tokenFile?: string
}

/** Adds the flags that choose the server. */
export function withServer(command: Command): Command {
  return command
    .option('--url <address>', `the server (default: LAUNCHTAIL_URL, the login, or ${DEFAULT_URL})`)
    .option('--token-file <file>', 'a file with the admin token')
}

/**
 * A client for the server that flags, the environment, the login or the data folder name. There is no
 * flag for the token itself, because every account of the machine can read a command line.
 */
export async function connect({ url, tokenFile }: ServerFlags): Promise<Client> {
  const saved = await readLogin()
  const baseUrl = addressOf(url || process.env.LAUNCHTAIL_URL || saved.url || DEFAULT_URL)
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

/** Returns the address, or throws if it is not one. */
export function addressOf(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url
  throw new CliError(
    `"${url}" is not the address of a server: it must begin with http:// or https://`,
  )
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
    const words = `${file} is not valid; run "launchtail login" to replace it`
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

/** The token that was created by a server started in this folder. */
async function tokenHere(): Promise<string | undefined> {
  const folder = process.env.LAUNCHTAIL_DATA_DIR || 'data'
  return readFile(join(folder, 'admin-token'), 'utf8').then(
    (text) => text.trim(),
    // There is none, or this account cannot read it.
    () => undefined,
  )
}
