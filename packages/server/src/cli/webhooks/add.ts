import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { explained } from '../refused-flags.js'
import { type WebhookFlags, webhookFields, withWebhookFlags } from './flags.js'

/** `launchtail webhooks add`. */
export function addCommand(): Command {
  const command = withServer(new Command('add'))
  return withWebhookFlags(command, 'active, failed, stalled, recovered, preempted')
    .description('Create a webhook, and print its id and its secret, which is shown only once.')
    .argument('<address>', 'where messages are sent')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail webhooks add https://hooks.example.com/launches
  $ launchtail webhooks add https://hooks.slack.com/services/... --format slack --event launch.failed
  $ launchtail webhooks add https://hooks.example.com/ --event entry.matched -q '"out of memory"'
`,
    )
    .action(async (url: string, flags: ServerFlags & WebhookFlags) => {
      const fields = await webhookFields(flags)
      const webhook = await (await connect(flags))
        .createWebhook({ url, ...fields })
        .catch((error) => {
          throw explained(error, { query: flags.query })
        })
      const lines = [webhook.webhook_id, ...(webhook.secret ? [webhook.secret] : [])]
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    })
}
