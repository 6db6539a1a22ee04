import { parseSince } from '@launchtail/client/protocol'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { CliError } from '../exit.js'

interface RedeliverFlags extends ServerFlags {
  since?: string
  until?: string
  all?: boolean
}

/** `launchtail webhooks redeliver`. */
export function redeliverCommand(): Command {
  return withServer(new Command('redeliver'))
    .description('Send a message again under the same id, or all of a period that were given up.')
    .argument('<id>', 'the id of a message; with --since, of a webhook')
    .option(
      '--since <time>',
      'the messages since then: an RFC 3339 time, or a duration before now such as 2h',
    )
    .option('--until <time>', 'those up to this time, in the same forms')
    .option('--all', 'include messages that have arrived')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail webhooks redeliver msg_0123456789abcdef0123456789abcdef
  $ launchtail webhooks redeliver wh_0123456789abcdef0123 --since 2h
`,
    )
    .action(async (id: string, { since, until, all = false, ...flags }: RedeliverFlags) => {
      const client = await connect(flags)
      if (since === undefined) {
        await client.redeliver(id)
        process.stdout.write(`${id} is sent again\n`)
        return
      }
      const span = {
        since: timeOf(since, '--since'),
        ...(until !== undefined && { until: timeOf(until, '--until') }),
      }
      const count = await client.redeliverSince(id, { ...span, delivered: all })
      process.stdout.write(`${count} ${count === 1 ? 'message is' : 'messages are'} sent again\n`)
    })
}

function timeOf(text: string, flag: string): string {
  const time = parseSince(text, Date.now())
  if (time) return new Date(time.seconds * 1000 + Math.floor(time.nanos / 1e6)).toISOString()
  throw new CliError(`${flag} "${text}" is no RFC 3339 time and no duration such as 2h`)
}
