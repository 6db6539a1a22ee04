import { readFile } from 'node:fs/promises'
import type { WebhookEvent, WebhookFormat } from '@launchtail/client'
import { WEBHOOK_EVENT_NAMES, WEBHOOK_FORMATS } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { explained } from '../refused-flags.js'
import { unreadable } from '../unreadable.js'

interface AddFlags extends ServerFlags {
  event: WebhookEvent[]
  query?: string
  format?: WebhookFormat
  cooldown?: string
  secretFile?: string
}

/** `launchtail webhooks add`. */
export function addCommand(): Command {
  return withServer(new Command('add'))
    .description('Create a webhook, and print its id and its secret, which is shown only once.')
    .argument('<address>', 'where messages are sent')
    .addOption(
      new Option('--event <event>', 'an event to send; may be repeated')
        .choices(WEBHOOK_EVENT_NAMES)
        .argParser((event, events: WebhookEvent[]) => [...events, event as WebhookEvent])
        .default([], 'active, failed, stalled, recovered, preempted'),
    )
    .option(
      '-q, --query <query>',
      'with entry.matched, a query for entries; without it, for launches; see docs/query.md',
    )
    .addOption(new Option('--format <format>', 'the format of messages').choices(WEBHOOK_FORMATS))
    .option('--cooldown <duration>', 'how long similar entries are only counted after one was sent')
    .option('--secret-file <file>', 'a file with the secret, or the routing key for PagerDuty')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail webhooks add https://hooks.example.com/launches
  $ launchtail webhooks add https://hooks.slack.com/services/... --format slack --event launch.failed
  $ launchtail webhooks add https://hooks.example.com/ --event entry.matched -q '"out of memory"'
`,
    )
    .action(async (url: string, { event, query, format, cooldown, ...flags }: AddFlags) => {
      const secret = flags.secretFile === undefined ? undefined : await textOf(flags.secretFile)
      const client = await connect(flags)
      const webhook = await client
        .createWebhook({
          url,
          ...(event.length > 0 && { events: event }),
          ...(query !== undefined && { q: query }),
          ...(format !== undefined && { format }),
          ...(cooldown !== undefined && { cooldown }),
          ...(secret !== undefined && { secret }),
        })
        .catch((error) => {
          throw explained(error, { query })
        })
      const lines = [webhook.webhook_id, ...(webhook.secret ? [webhook.secret] : [])]
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    })
}

/** Secrets are not taken from the command line, which every account of the machine can read. */
async function textOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw unreadable(file, error)
  }
}
