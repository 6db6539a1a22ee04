import type { Token } from '@launchtail/client'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { formatterFor } from '../format/formatter.js'
import { oneLine } from '../format/text.js'
import { tableOf } from '../stats/table-of.js'

/** `launchtail tokens list`. */
export function listTokensCommand(): Command {
  return withServer(new Command('list'))
    .description('List tokens, newest first. What they are themselves cannot be seen again.')
    .option('--json', 'print JSON, one token per line')
    .action(async ({ json, ...flags }: ServerFlags & { json?: boolean }) => {
      const { tokens } = await (await connect(flags)).listTokens()
      const lines = json ? tokens.map((one) => JSON.stringify(one)) : shown(tokens)
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    })
}

/** The nodes and launches that it is good for. */
function limitsOf({ nodes, owner, labels = {} }: Token): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const parts = [...(nodes ?? []), ...(owner === undefined ? [] : [`of ${owner}`]), ...pairs]
  return parts.length > 0 ? parts.join(' ') : 'all'
}

function shown(tokens: readonly Token[]): string[] {
  if (tokens.length === 0) return ['There are no tokens but the configured one.']
  const head = ['token', 'name', 'rights', 'nodes', 'begins and ends', 'created', 'expires']
  const rows = tokens.map((token) => [
    token.token_id,
    oneLine(token.name),
    token.scopes.join(' '),
    oneLine(limitsOf(token)),
    token.hint,
    token.created_at,
    token.expired ? `expired ${token.expires_at}` : (token.expires_at ?? 'never'),
  ])
  return [tableOf({ head, words: [0, 1, 2, 3, 4, 5, 6], rows }, formatterFor(process.stdout))]
}
