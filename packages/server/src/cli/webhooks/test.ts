import type { WebhookEvent } from '@launchtail/client'
import { WEBHOOK_EVENT_NAMES } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { CliError } from '../exit.js'
import { oneLine } from '../format/text.js'
import { WEBHOOK_ARGUMENT } from './single.js'

/** `launchtail webhooks test`. */
export function testCommand(): Command {
  return withServer(new Command('test'))
    .description('Send a sample to a webhook immediately and print the result.')
    .argument('<webhook>', WEBHOOK_ARGUMENT)
    .addOption(
      new Option('--event <event>', 'the event of the sample')
        .choices(WEBHOOK_EVENT_NAMES)
        .default('launch.failed'),
    )
    .action(async (id: string, { event, ...flags }: ServerFlags & { event: WebhookEvent }) => {
      const client = await connect(flags)
      const { state, attempts, answer } = await client.testWebhook(id, { type: event })
      const { status, took_ms, error = '' } = attempts.at(-1) ?? { took_ms: 0 }
      if (state !== 'delivered') {
        const below = answer === undefined ? [] : [oneLine(answer)]
        throw new CliError(`the sample was not delivered: ${oneLine(error)}`, 1, { below })
      }
      process.stdout.write(`delivered: answered ${status} in ${took_ms} ms\n`)
    })
}
