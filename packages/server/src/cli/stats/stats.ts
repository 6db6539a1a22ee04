import type { StatsKey, StatsOptions } from '@launchtail/client'
import { STATS_KEYS } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { formatterFor } from '../format/formatter.js'
import { explained } from '../refused-flags.js'
import { statsText } from './stats-text.js'

interface StatsFlags extends ServerFlags {
  since?: string
  until?: string
  by: StatsKey[]
  bucket?: string
  json?: boolean
}

/** `launchtail stats`: what the launches that ended have come to. */
export function statsCommand(): Command {
  return withServer(new Command('stats'))
    .description('Show how launches ended, how long they took, why they failed and what they cost.')
    .argument('[query]', 'a query over launches, see docs/query.md; without one, all launches')
    .option(
      '--since <time>',
      'only launches that ended later: an RFC 3339 time, or a duration before now such as 7d',
    )
    .option('--until <time>', 'only launches that ended up to this time, in the same forms')
    .addOption(
      new Option('--by <field>', 'group by this field; may be repeated')
        .choices(STATS_KEYS)
        .argParser((field, fields: StatsKey[]) => [...fields, ...(field.split(',') as StatsKey[])])
        .default([], 'none'),
    )
    .option('--bucket <length>', 'show them over time, in steps such as 1h or 1d')
    .option('--json', 'print the whole answer of the server as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail stats --since 7d
  $ launchtail stats 'gpu:A100 -spot:true' --by provider --by region
  $ launchtail stats 'cause:no_capacity' --since 2d --bucket 1h
  $ launchtail stats --by owner --since 30d --bucket 1d
  $ launchtail stats --json | jq .total.success_rate
`,
    )
    .action(async (query: string | undefined, flags: StatsFlags) => {
      const client = await connect(flags)
      const stats = await client.getStats(optionsOf(query, flags)).catch((error) => {
        throw explained(error, { ...flags, query })
      })
      const out = process.stdout
      const text = flags.json
        ? JSON.stringify(stats)
        : statsText(stats, {
            ...{ by: flags.by, hasSeries: flags.bucket !== undefined },
            format: formatterFor(out),
          })
      out.write(`${text}\n`)
    })
}

function optionsOf(
  query: string | undefined,
  { since, until, by, bucket, json }: StatsFlags,
): StatsOptions {
  return {
    ...(query !== undefined && { q: query }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(by.length > 0 && { by }),
    ...(bucket !== undefined && { bucket }),
    // People see them on the page.
    ...(!json && { last: 0 }),
  }
}
