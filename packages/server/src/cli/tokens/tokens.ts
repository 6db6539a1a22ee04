import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { createTokenCommand } from './create.js'
import { listTokensCommand } from './list.js'

/** `launchtail tokens`: who may do what. */
export function tokensCommand(): Command {
  const group = new Command('tokens')
    .description('Give people and programs tokens with the rights they need.')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail tokens create grafana --scope read
  $ launchtail tokens list
  $ launchtail tokens revoke tok_0123456789abcdef0123
`,
    )
  for (const command of [listTokensCommand(), createTokenCommand(), revokeTokenCommand()]) {
    group.addCommand(command)
  }
  return group
}

/** `launchtail tokens revoke`. */
function revokeTokenCommand(): Command {
  return withServer(new Command('revoke'))
    .description('Revoke a token, and close the streams that were opened with it.')
    .argument('<token>', 'the token’s id, as "launchtail tokens list" shows it')
    .action(async (id: string, flags: ServerFlags) => {
      await (await connect(flags)).revokeToken(id)
      process.stdout.write(`${id} is revoked\n`)
    })
}
