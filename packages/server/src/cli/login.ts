import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { createClient } from '@launchtail/client'
import { Command } from 'commander'
import { addressOf, saveLogin, USUAL_URL } from './connection.js'
import { CliError, EXIT } from './exit.js'

/** `launchtail login`: keeps the server's address and the token for this account. */
export function loginCommand(): Command {
  return new Command('login')
    .description('Keep a server’s address and its token for this account.')
    .argument('[url]', `the server (default: LAUNCHTAIL_URL, or ${USUAL_URL})`)
    .addHelpText(
      'after',
      `
The token is asked for, or read from standard input; it is never shown.

Examples:
  $ launchtail login https://launchtail.example.com
  $ launchtail login < data/admin-token
`,
    )
    .action(async (given: string | undefined) => {
      const url = addressOf(given || process.env.LAUNCHTAIL_URL || USUAL_URL)
      const typed = process.stdin.isTTY ? await ask('Token: ') : await text(process.stdin)
      const token = typed.trim()
      if (!token) throw new CliError('no token was given')
      await createClient({ baseUrl: url, token }).listNodes({ limit: 1 })
      process.stdout.write(`Kept in ${await saveLogin({ url, token })}\n`)
    })
}

/** Asks on the terminal; what is typed is not shown. */
async function ask(question: string): Promise<string> {
  // It takes the terminal's echo away, so it comes before the question, which may be answered at once.
  const reader = createInterface({ input: process.stdin, terminal: true })
  process.stderr.write(question)
  try {
    // Without an output the line editor shows nothing of what is typed.
    return await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve)
      // The terminal is in the editor's hands, which takes Ctrl-C for a key.
      reader.once('SIGINT', () => reject(new CliError('no token was given', EXIT.interrupted)))
      reader.once('close', () => resolve(''))
    })
  } finally {
    reader.close()
    process.stderr.write('\n')
  }
}
