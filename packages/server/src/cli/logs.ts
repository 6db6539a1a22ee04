import type { Client, Level, StreamOptions } from '@launchtail/client'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT } from './exit.js'
import { durationFlag } from './flags.js'
import { exitCodeOf, followNode, type Output } from './follow.js'
import { lookAt } from './look.js'
import { resolveNode } from './node-names.js'
import { createScreen } from './screen.js'
import { shortIds } from './table.js'

interface LogsFlags extends ServerFlags {
  follow?: boolean
  tail: string
  since?: string
  level?: string
  after?: string
  timeout: number
  output: Output
  tz: string
  quiet?: boolean
}

/** `launchtail logs`: the log of one node or of several. */
export function logsCommand(): Command {
  return withServer(new Command('logs'))
    .description('Show the log of one or more nodes.')
    .argument('<node...>', 'ids, their unique beginnings, or cluster names')
    .option('-f, --follow', 'go on until the launch is over')
    .option('--tail <count>', 'how many of the newest entries, or "all"', '100')
    .option('--since <time>', 'only entries later than this: RFC 3339, or back from now: 10m')
    .option('--level <levels>', 'that level and above, or a list of exactly these: error,debug')
    .option('--after <id>', 'only what comes after the event of this id, which -o json tells')
    .addOption(durationFlag('--timeout <time>', 'give up after so long without an entry', '15m'))
    .addOption(
      new Option('-o, --output <form>', 'how to show entries')
        .choices(['pretty', 'json', 'raw'])
        .default('pretty'),
    )
    .option('--tz <zone>', 'times in this zone: local, utc, or a name', 'local')
    .option('-q, --quiet', 'nothing but the log: no phases below it, no word of broken lines')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail logs 550e84                 the last 100 entries
  $ launchtail logs -f 550e84              to the end of the launch, and its exit code
  $ launchtail logs --level error --since 1h cic-aws-uswest2-a100-spot-550e84
  $ launchtail logs -f node-a node-b       two at once, a colour each
`,
    )
    .action(async (names: string[], flags: LogsFlags) => {
      if (flags.after !== undefined && names.length > 1) {
        throw new CliError('--after goes with one node: an id is of one log')
      }
      const client = await connect(flags)
      const ids = await Promise.all(names.map((name) => resolveNode(client, name)))
      const { output, tz, quiet } = flags
      process.exitCode = await showLogs(client, ids, {
        ...streamOptions(flags),
        output,
        tz,
        quiet,
      })
    })
}

export interface ShowOptions extends StreamOptions {
  output: Output
  tz?: string
  quiet?: boolean | undefined
}

/** Shows the logs of nodes side by side; gives what to leave with. */
export async function showLogs(
  client: Client,
  ids: readonly string[],
  { output, tz = 'local', quiet = false, ...options }: ShowOptions,
): Promise<number> {
  const out = process.stdout
  const look = lookAt(out, tz)
  const rails = out.isTTY === true && output === 'pretty' && !quiet && options.follow !== false
  const screen = createScreen({ out, rails })
  const shortOf = shortIds(ids)
  const width = Math.max(...ids.map((id) => shortOf(id).length))
  const labelOf = (id: string, n: number) => `${look.label(shortOf(id).padEnd(width), n)} `
  try {
    const ends = await Promise.all(
      ids.map((id, n) =>
        followNode(client, id, {
          ...options,
          output,
          look,
          screen,
          label: ids.length > 1 ? labelOf(id, n) : '',
          rail: rails,
          quiet,
        }),
      ),
    )
    return options.follow === false ? EXIT.active : Math.max(...ends.map(exitCodeOf))
  } finally {
    screen.end()
  }
}

function streamOptions({ follow = false, tail, since, level, after, timeout }: LogsFlags) {
  return {
    follow,
    tail: tail === 'all' ? 'all' : Number(tail),
    ...(since !== undefined && { since }),
    // What is no level is the server's to refuse, in its words.
    ...(level !== undefined && { level: level as Level }),
    ...(after !== undefined && { lastEventId: after }),
    timeout,
  } as const
}
