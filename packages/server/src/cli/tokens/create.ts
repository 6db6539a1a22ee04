import { parseDuration, parseInstant, SCOPES, type Scope } from '@launchtail/client/protocol'
import { Command, InvalidArgumentError, Option } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { type OwnerFlags, ownerOf, withOwner } from '../owner-flags.js'

interface CreateFlags extends ServerFlags, OwnerFlags {
  scope: Scope[]
  node: string[]
  expires?: string
  json?: boolean
}

/** `launchtail tokens create`. */
export function createTokenCommand(): Command {
  return withOwner(withServer(new Command('create')), {
    owner: 'the owner of the only launches it is good for',
    label: 'a label that these launches have; may be repeated',
  })
    .description('Create a token with some rights, and print it. It is shown only once.')
    .argument('<name>', 'what it is for, as the audit log shows it')
    .addOption(
      new Option('--scope <right>', 'a right that it has; may be repeated')
        .choices(SCOPES)
        .argParser((scope: string, scopes: Scope[] = []) => [...scopes, scopeOf(scope)])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--node <pattern>', 'a node that it is limited to, or train-*; may be repeated')
        .argParser((node: string, nodes: string[]) => [...nodes, node])
        .default([], 'all'),
    )
    .addOption(
      new Option(
        '--expires <when>',
        'when it ends: after a duration such as 30d, or at a time',
      ).argParser(timeOf),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail tokens create grafana --scope read --expires 365d
  $ launchtail tokens create alice --scope launch --scope read --owner alice
  $ launchtail tokens create ci --scope launch --scope read --node 'ci-*'
`,
    )
    .action(
      async (name: string, { scope, node, expires, json, owner, label, ...flags }: CreateFlags) => {
        const { token, ...about } = await (await connect(flags)).createToken({
          name,
          scopes: scope,
          ...(node.length > 0 && { nodes: node }),
          ...ownerOf({ ...(owner !== undefined && { owner }), ...(label && { label }) }),
          ...(expires !== undefined && { expires_at: expires }),
        })
        process.stdout.write(`${json ? JSON.stringify({ ...about, token }) : token}\n`)
      },
    )
}

function scopeOf(text: string): Scope {
  const scope = SCOPES.find((known) => known === text)
  if (scope) return scope
  throw new InvalidArgumentError(`It must be one of ${SCOPES.join(', ')}.`)
}

function timeOf(text: string): string {
  const after = parseDuration(text)
  if (after !== undefined) return new Date(Date.now() + after).toISOString()
  if (parseInstant(text)) return text
  throw new InvalidArgumentError('It must be a duration such as 30d, or an RFC 3339 time.')
}
