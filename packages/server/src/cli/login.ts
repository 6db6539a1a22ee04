import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { ApiError, createClient } from '@launchtail/client'
import { Command } from 'commander'
import { addressOf, DEFAULT_URL } from './connection.js'
import { CliError, EXIT } from './exit.js'
import { saveLogin } from './saved-login.js'

/** `launchtail login`: saves the server's address and the token for this account. */
export function loginCommand(): Command {
  return new Command('login')
    .description('Save a server’s address and token for this account.')
    .argument('[url]', `the server (default: LAUNCHTAIL_URL, or ${DEFAULT_URL})`)
    .addHelpText(
      'after',
      `
The command asks for the token, or reads it from standard input. It never shows the token.

Examples:
  $ launchtail login https://launchtail.example.com
  $ launchtail login < data/admin-token
`,
    )
    .action(async (given: string | undefined) => {
      const url = addressOf(given || process.env.LAUNCHTAIL_URL || DEFAULT_URL)
      const typed = process.stdin.isTTY ? await ask('Token: ') : await text(process.stdin)
      const token = typed.trim()
      if (!token) throw new CliError('no token was given')
      await check(url, token)
      process.stdout.write(`Saved in ${await saveLogin({ url, token })}\n`)
    })
}

/** Throws if the server does not accept the token. */
async function check(url: string, token: string): Promise<void> {
  try {
    await createClient({ baseUrl: url, token }).listNodes({ limit: 1 })
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error
    throw new CliError(`${url} does not accept this token`, EXIT.notAllowed, { cause: error })
  }
}

/** Asks on the terminal, without showing what is typed. */
async function ask(question: string): Promise<string> {
  // It turns the terminal's echo off, so it must come before the question.
  const reader = createInterface({ input: process.stdin, terminal: true })
  process.stderr.write(question)
  try {
    // Without an output, the line editor shows nothing that is typed.
    return await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve)
      // In raw mode Ctrl-C is a key that the line editor reads.
      reader.once('SIGINT', () => reject(new CliError('no token was given', EXIT.interrupted)))
      reader.once('close', () => resolve(''))
    })
  } finally {
    reader.close()
    process.stderr.write('\n')
  }
}
