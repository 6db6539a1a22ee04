import { readFile } from 'node:fs/promises'
import type { WebhookChange, WebhookEvent, WebhookFormat } from '@launchtail/client'
import { WEBHOOK_EVENT_NAMES, WEBHOOK_FORMATS } from '@launchtail/client/protocol'
import { type Command, Option } from 'commander'
import { unreadable } from '../unreadable.js'

/** What a webhook is told, and how. */
export interface WebhookFlags {
  event: WebhookEvent[]
  query?: string
  format?: WebhookFormat
  cooldown?: string
  groupWait?: string
  groupInterval?: string
  secretFile?: string
}

export function withWebhookFlags(command: Command, usualEvents: string): Command {
  return command
    .addOption(
      new Option('--event <event>', 'an event to send; may be repeated')
        .choices(WEBHOOK_EVENT_NAMES)
        .argParser((event, events: WebhookEvent[]) => [...events, event as WebhookEvent])
        .default([], usualEvents),
    )
    .option(
      '-q, --query <query>',
      'with entry.matched, a query for entries; without it, for launches; see docs/query.md',
    )
    .addOption(new Option('--format <format>', 'the format of messages').choices(WEBHOOK_FORMATS))
    .option('--cooldown <duration>', 'how long similar entries are only counted after one was sent')
    .option('--group-wait <duration>', 'how long a failure waits for others with the same cause')
    .option('--group-interval <duration>', 'the pause between two messages about the same cause')
    .option('--secret-file <file>', 'a file with the secret, or the routing key for PagerDuty')
}

/** The fields that the flags name. */
export async function webhookFields(flags: WebhookFlags) {
  const { event, query, format, cooldown, groupWait, groupInterval, secretFile } = flags
  const group = {
    ...(groupWait !== undefined && { wait: groupWait }),
    ...(groupInterval !== undefined && { interval: groupInterval }),
  }
  const secret = secretFile === undefined ? undefined : await textOf(secretFile)
  return {
    ...(event.length > 0 && { events: event }),
    ...(query !== undefined && { q: query }),
    ...(format !== undefined && { format }),
    ...(cooldown !== undefined && { cooldown }),
    ...(Object.keys(group).length > 0 && { group }),
    ...(secret !== undefined && { secret }),
  } satisfies WebhookChange
}

/** Secrets are not taken from the command line, which every account of the machine can read. */
async function textOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw unreadable(file, error)
  }
}
