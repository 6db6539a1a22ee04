import type { Client, DoneEvent, Level, StreamOptions } from '@launchtail/client'
import { Command, Option } from 'commander'
import picocolors from 'picocolors'
import { connect, withServer } from './connection.js'
import { EXIT } from './exit.js'
import { exitCodeOf, followNode, type Output } from './follow.js'
import { createLook, wantsColor } from './look.js'
import { resolveNode } from './node-names.js'

interface LogsFlags {
  follow?: boolean
  tail?: string
  since?: string
  level?: string
  output: Output
  tz: string
  quiet?: boolean
  url?: string
  tokenFile?: string
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
    .addOption(
      new Option('-o, --output <form>', 'how to show entries')
        .choices(['pretty', 'json', 'raw'])
        .default('pretty'),
    )
    .option('--tz <zone>', 'times in this zone: local, utc, or a name', 'local')
    .option('-q, --quiet', 'say nothing but the log')
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
      const client = await connect(flags)
      const ids = await Promise.all(names.map((name) => resolveNode(client, name)))
      process.exitCode = await showLogs(client, ids, flags)
    })
}

export async function showLogs(
  client: Client,
  ids: readonly string[],
  flags: LogsFlags,
): Promise<number> {
  const { output, tz, quiet, follow = false } = flags
  const color = wantsColor(process.stdout)
  const look = createLook({ color, zone: tz, width: process.stdout.columns ?? 80 })
  const rail =
    follow && ids.length === 1 && output === 'pretty' && !quiet && process.stdout.isTTY === true
  const ends = await Promise.all(
    ids.map((id, i) =>
      followNode(client, id, {
        ...streamOptions(flags),
        follow,
        output,
        look,
        rail,
        label: ids.length > 1 ? labelOf(id, i, color) : '',
        write: (text) => void process.stdout.write(text),
        note: (text) => void (quiet || process.stderr.write(`launchtail: ${text}\n`)),
      }),
    ),
  )
  return follow ? Math.max(...ends.map((end: DoneEvent) => exitCodeOf(end))) : EXIT.active
}

function streamOptions({ tail = '100', since, level }: LogsFlags): StreamOptions {
  return {
    tail: tail === 'all' ? 'all' : Number(tail),
    ...(since !== undefined && { since }),
    // What is no level is the server's to refuse, in its words.
    ...(level !== undefined && { level: level as Level }),
  }
}

function labelOf(id: string, i: number, color: boolean): string {
  const { cyan, magenta, green, yellow, blue } = picocolors.createColors(color)
  const paint = [cyan, magenta, green, yellow, blue][i % 5] as (text: string) => string
  return `${paint(id.slice(0, 8).padEnd(8))} `
}
