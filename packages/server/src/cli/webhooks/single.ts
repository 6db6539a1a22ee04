import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'

export const WEBHOOK_ARGUMENT = 'the webhook’s id, as "launchtail webhooks list" shows it'

/** `launchtail webhooks rotate`. */
export function rotateCommand(): Command {
  return withServer(new Command('rotate'))
    .description(
      'Create a new secret for a webhook and print it. For a day, the old one signs messages as well.',
    )
    .argument('<webhook>', WEBHOOK_ARGUMENT)
    .action(async (id: string, flags: ServerFlags) => {
      const { secret } = await (await connect(flags)).rotateWebhook(id)
      process.stdout.write(`${secret}\n`)
    })
}

/** `launchtail webhooks enable`. */
export function enableCommand(): Command {
  return withServer(new Command('enable'))
    .description('Switch a disabled webhook on again.')
    .argument('<webhook>', WEBHOOK_ARGUMENT)
    .action(async (id: string, flags: ServerFlags) => {
      await (await connect(flags)).changeWebhook(id, { enabled: true })
      process.stdout.write(`${id} is on\n`)
    })
}

/** `launchtail webhooks remove`. */
export function removeCommand(): Command {
  return withServer(new Command('remove'))
    .description('Delete a webhook and its messages.')
    .argument('<webhook>', WEBHOOK_ARGUMENT)
    .action(async (id: string, flags: ServerFlags) => {
      await (await connect(flags)).deleteWebhook(id)
      process.stdout.write(`${id} is removed\n`)
    })
}
