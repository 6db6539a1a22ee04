import { readFile } from 'node:fs/promises'
import { type Client, createClient } from '@launchtail/client'
import type { Command } from 'commander'
import { CliError, EXIT } from './exit.js'
import { readLogin, type Saved } from './saved-login.js'
import { serverHere } from './server-here.js'
import { unreadable } from './unreadable.js'

export const DEFAULT_URL = 'http://127.0.0.1:8080'

export interface ServerFlags {
  url?: string
  tokenFile?: string
}

/** Adds the flags that choose the server. */
export function withServer(command: Command): Command {
  return command
    .option(
      '--url <address>',
      `the server (default: LAUNCHTAIL_URL, the login, the server of this folder, or ${DEFAULT_URL})`,
    )
    .option('--token-file <file>', 'a file with the admin token')
}

/**
 * A client for the server that flags, the environment, the login or the data folder name. There is no
 * flag for the token itself, because every account of the machine can read a command line.
 */
export async function connect(flags: ServerFlags): Promise<Client> {
  return createClient(await serverOf(flags))
}

/** The server that `connect` chooses, and its token. */
export async function serverOf({
  url,
  tokenFile,
}: ServerFlags): Promise<{ baseUrl: string; token: string }> {
  const known = [await readLogin(), await serverHere()]
  const named = url || process.env.LAUNCHTAIL_URL || known.find((one) => one.url)?.url
  const baseUrl = addressOf(named || DEFAULT_URL)
  const given = tokenFile ? await tokenIn(tokenFile) : process.env.LAUNCHTAIL_ADMIN_TOKEN
  const token = given || known.find((one) => one.token && isFor(one, baseUrl))?.token
  if (!token) {
    throw new CliError(
      `there is no token for ${baseUrl}: run "launchtail login ${baseUrl}", or set LAUNCHTAIL_ADMIN_TOKEN`,
      EXIT.notAllowed,
    )
  }
  return { baseUrl, token }
}

/** Returns the address, or throws if it is not one. */
export function addressOf(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url
  throw new CliError(
    `"${url}" is not the address of a server: it must begin with http:// or https://`,
  )
}

/** True if the token belongs to the server at that address. No other server may receive it. */
function isFor({ url = '' }: Saved, baseUrl: string): boolean {
  return URL.canParse(url) && normal(url) === normal(baseUrl)
}

function normal(url: string): string {
  return new URL(url).href.replace(/\/+$/, '')
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw unreadable(file, error)
  }
}
