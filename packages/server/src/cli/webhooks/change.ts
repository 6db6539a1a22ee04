import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { explained } from '../refused-flags.js'
import { type WebhookFlags, webhookFields, withWebhookFlags } from './flags.js'
import { WEBHOOK_ARGUMENT } from './single.js'

/** `launchtail webhooks change`. */
export function changeCommand(): Command {
  return withWebhookFlags(withServer(new Command('change')), 'those it has')
    .description('Change a webhook. What no flag names stays as it is.')
    .argument('<webhook>', WEBHOOK_ARGUMENT)
    .option('--address <address>', 'where messages are sent from now on')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail webhooks change wh_0123456789abcdef0123 --event launch.failed --event launch.stalled
  $ launchtail webhooks change wh_0123456789abcdef0123 --secret-file routing-key
`,
    )
    .action(
      async (id: string, flags: ServerFlags & WebhookFlags & { readonly address?: string }) => {
        const { address: url } = flags
        const change = { ...(url !== undefined && { url }), ...(await webhookFields(flags)) }
        await (await connect(flags)).changeWebhook(id, change).catch((error) => {
          throw explained(error, { query: flags.query })
        })
        process.stdout.write(`${id} is changed\n`)
      },
    )
}
