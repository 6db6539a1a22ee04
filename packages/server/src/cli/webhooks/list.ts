import type { Webhook } from '@launchtail/client'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { formatterFor } from '../format/formatter.js'
import { oneLine } from '../format/text.js'
import { tableOf } from '../stats/table-of.js'

/** `launchtail webhooks list`. */
export function listCommand(): Command {
  return withServer(new Command('list'))
    .description('List webhooks.')
    .option('--json', 'print JSON, one webhook per line')
    .action(async ({ json, ...flags }: ServerFlags & { json?: boolean }) => {
      const { webhooks } = await (await connect(flags)).listWebhooks()
      const lines = json ? webhooks.map((one) => JSON.stringify(one)) : shown(webhooks)
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    })
}

function shown(webhooks: readonly Webhook[]): string[] {
  if (webhooks.length === 0) return ['There are no webhooks.']
  const rows = webhooks.map(({ webhook_id, format, url, enabled, waiting, dead }) => {
    return [webhook_id, enabled ? 'on' : 'off', format, waiting, dead, oneLine(url)]
  })
  const head = ['webhook', 'state', 'format', 'waiting', 'dead', 'address']
  const table = tableOf({ head, words: [0, 1, 2, 5], rows }, formatterFor(process.stdout))
  const notes = webhooks.flatMap(({ webhook_id, disabled_reason, failing_since }) => {
    if (disabled_reason !== undefined) return [`${webhook_id} is off: ${oneLine(disabled_reason)}`]
    return failing_since === undefined ? [] : [`${webhook_id} fails since ${failing_since}`]
  })
  return [table, ...notes]
}
