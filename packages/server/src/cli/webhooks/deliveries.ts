import type { Delivery, DeliveryState } from '@launchtail/client'
import { DELIVERY_STATES } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { countFlag } from '../flags.js'
import { formatterFor } from '../format/formatter.js'
import { oneLine } from '../format/text.js'
import { type Cells, tableOf } from '../stats/table-of.js'
import { WEBHOOK_ARGUMENT } from './single.js'

interface DeliveriesFlags extends ServerFlags {
  state?: DeliveryState
  limit: number
  json?: boolean
}

/** `launchtail webhooks deliveries`. */
export function deliveriesCommand(): Command {
  return withServer(new Command('deliveries'))
    .description('List the messages to a webhook and their results, newest first.')
    .argument('<webhook>', WEBHOOK_ARGUMENT)
    .addOption(
      new Option('--state <state>', 'only messages in this state').choices(DELIVERY_STATES),
    )
    .addOption(countFlag('-n, --limit <count>', 'the number of messages').default(50))
    .option('--json', 'print JSON with all attempts and the latest answer, one message per line')
    .action(async (id: string, { state, limit, json, ...flags }: DeliveriesFlags) => {
      const client = await connect(flags)
      const query = { limit, ...(state && { state }) }
      const { deliveries } = await client.listDeliveries(id, query)
      const lines = json ? deliveries.map((one) => JSON.stringify(one)) : shown(deliveries)
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    })
}

function shown(deliveries: readonly Delivery[]): string[] {
  if (deliveries.length === 0) return ['There are no messages.']
  const head = ['message', 'created', 'event', 'node', 'state', 'attempts', 'last']
  const rows = deliveries.map(rowOf)
  return [tableOf({ head, words: [0, 1, 2, 3, 4, 6], rows }, formatterFor(process.stdout))]
}

function rowOf({ delivery_id, created_at, type, node_id, state, attempts }: Delivery): Cells {
  const last = attempts.at(-1)
  const came = last?.error ?? (last ? `answered ${last.status}` : '')
  const took = last ? ` in ${last.took_ms} ms` : ''
  const node = oneLine(node_id ?? '')
  return [delivery_id, created_at, type, node, state, attempts.length, oneLine(came) + took]
}
