import type {
  Client,
  LaunchName,
  Level,
  LogsOptions,
  Phase,
  StreamOptions,
} from '@launchtail/client'
import { PHASES, parseCursor } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT } from './exit.js'
import { durationFlag, launchFlag, zoneFlag } from './flags.js'
import { exitCodeOf, followNode, isNewest, type Output } from './follow.js'
import { followAll } from './follow-all.js'
import { formatterFor } from './format/formatter.js'
import { githubFormatter } from './github/formatter.js'
import { report } from './github/report.js'
import { resolveNode } from './node-names.js'
import { explained } from './refused-flags.js'
import { shortIds } from './table.js'

interface LogsFlags extends ServerFlags {
  follow?: boolean
  all?: boolean
  group?: string
  phase?: Phase
  tail: string
  since?: string
  level?: string
  query?: string
  rank?: string
  after?: string
  launch?: LaunchName
  timeout: number
  output: LogsOutput
  format?: LogsOutput
  tz: string
  quiet?: boolean
  numbers?: boolean
}

/** `github` is for the log of a step of GitHub Actions. */
type LogsOutput = Exclude<Output, 'none'> | 'github'
const OUTPUTS: LogsOutput[] = ['pretty', 'json', 'raw', 'github']

/** `launchtail logs`: the log of one node or of several. */
export function logsCommand(): Command {
  return withServer(new Command('logs'))
    .description('Show the log of one or more nodes, or of all launches.')
    .argument('[node...]', 'ids, unique prefixes of ids, or cluster names')
    .option('-f, --follow', 'keep following until the launch is over')
    .option('--all', 'with -f: all launches that are under way, and those that begin')
    .option('--group <id>', 'with -f: all nodes of this group')
    .addOption(new Option('--phase <phase>', 'with --all: only launches in it').choices(PHASES))
    .option('--tail <count>', 'the number of newest entries, or "all"', '100')
    .option(
      '--since <time>',
      'only later entries: an RFC 3339 time, or a duration before now such as 10m',
    )
    .option('--level <levels>', 'this level and above, or a list of exact levels: error,debug')
    .option('-q, --query <query>', 'only entries that this query finds; see docs/query.md')
    .option('--rank <rank>', 'only what this rank wrote, of a launch on several machines: 0, 1, …')
    .addOption(launchFlag('only this launch of the node'))
    .option('--after <id>', 'only what follows the event with this id; -o json shows ids')
    .addOption(durationFlag('--timeout <time>', 'give up after this long without an entry', '15m'))
    .addOption(
      new Option('-o, --output <form>', 'how to show entries; github: for a step of GitHub Actions')
        .choices(OUTPUTS)
        .default('pretty'),
    )
    .addOption(new Option('--format <form>', 'the same as -o').choices(OUTPUTS).hideHelp())
    .addOption(zoneFlag())
    .option('--numbers', 'show the number of each line, as the page does')
    .option('--quiet', 'only the log: no progress below it, no notices of lost connections')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail logs 550e84                 the last 100 entries
  $ launchtail logs -f 550e84              until the launch is over; the exit code tells the outcome
  $ launchtail logs --level error --since 1h cic-aws-uswest2-a100-spot-550e84
  $ launchtail logs -f node-a node-b       two at once, each in a colour
  $ launchtail logs -f --all -q 'level:>=warn'  all launches, a colour for each node
  $ launchtail logs -f --group trio        all nodes of a group, until it is at rest
  $ launchtail logs 550e84 --launch previous       of the launch before this one
  $ launchtail logs -f 550e84 --launch 2           and how it ended, as its exit code
  $ launchtail logs -f 550e84 --rank 1      of one of several machines
  $ launchtail logs 550e84 --tail all -q 'level:>=warn -"still loading"'
`,
    )
    .action(async (names: string[], given: LogsFlags, command: Command) => {
      const flags = { ...given, output: given.format ?? given.output }
      refuseMixed(names, flags)
      if (flags.all || flags.group !== undefined) {
        const isGiven = command.getOptionValueSource('timeout') !== 'default'
        process.exitCode = await showAll(flags, isGiven ? flags.timeout : undefined)
        return
      }
      if (flags.after !== undefined && names.length > 1) {
        throw new CliError('--after needs a single node, because an id belongs to one log')
      }
      if (flags.after !== undefined && !parseCursor(flags.after)) {
        throw new CliError(`--after: "${flags.after}" is not an id of this log; -o json shows ids`)
      }
      const client = await connect(flags)
      const ids = await Promise.all(names.map((name) => resolveNode(client, name)))
      const { output, tz, quiet, numbers } = flags
      process.exitCode = await showLogs(client, ids, {
        ...streamOptions(flags),
        output,
        tz,
        quiet,
        numbers,
      }).catch((error) => {
        throw explained(error, { ...flags, query: queryOf(flags) })
      })
    })
}

function refuseMixed(names: readonly string[], flags: LogsFlags): void {
  const { follow, phase, group, numbers, launch, after, output } = flags
  const all = flags.all || group !== undefined
  if (flags.all && group !== undefined) throw new CliError('--all and --group exclude each other')
  if (output === 'github' && (all || launch !== undefined || names.length !== 1)) {
    throw new CliError('-o github needs a single node, without --launch')
  }
  if (launch !== undefined && (after !== undefined || names.length !== 1)) {
    throw new CliError('--launch needs a single node, and not --after')
  }
  if (!all && names.length === 0) throw new CliError('name a node, or follow all with -f --all')
  if (!flags.all && phase !== undefined) throw new CliError('--phase needs --all')
  if (!all) return
  const name = group === undefined ? '--all' : '--group'
  if (names.length > 0) throw new CliError(`${name} and the names of nodes exclude each other`)
  if (!follow) throw new CliError(`${name} needs -f; \`launchtail search\` shows what there was`)
  if (numbers) throw new CliError('--numbers needs a node: each log has its own')
}

async function showAll(flags: LogsFlags, timeout: number | undefined): Promise<number> {
  const client = await connect(flags)
  const { follow: _, timeout: __, launch: ___, ...options } = streamOptions(flags)
  const { output, tz, quiet, phase } = flags
  const { group } = flags
  const events = (how: LogsOptions) =>
    group === undefined ? client.streamLogs(how) : client.streamGroup(group, how)
  return followAll(events, {
    ...options,
    ...(timeout !== undefined && { timeout }),
    ...(phase !== undefined && { phase }),
    ...{ output: output as Output, tz, quiet },
  }).catch((error) => {
    throw explained(error, { ...flags, query: queryOf(flags) })
  })
}

export interface ShowOptions extends StreamOptions {
  output: Output | 'github'
  tz?: string
  quiet?: boolean | undefined
  /** Shows the number of each line. */
  numbers?: boolean | undefined
}

/** Shows the logs of nodes side by side. Returns the exit code. */
export async function showLogs(
  client: Client,
  ids: readonly string[],
  { output: asked, tz = 'local', quiet = false, numbers = false, ...options }: ShowOptions,
): Promise<number> {
  const out = process.stdout
  const isGithub = asked === 'github'
  const plain = formatterFor(out, tz)
  const format = isGithub ? githubFormatter(plain) : plain
  const output = isGithub ? 'pretty' : asked
  const isFollowed = options.follow !== false && isNewest(options)
  const hasProgress = out.isTTY === true && output === 'pretty' && !quiet && isFollowed
  // Loaded here: it measures the width of texts, for which other commands would wait 20 ms.
  const { createScreen } = await import('./screen.js')
  const screen = createScreen({ out, hasProgress })
  const shortOf = shortIds(ids)
  const width = Math.max(...ids.map((id) => shortOf(id).length))
  const labelOf = (id: string, n: number) => `${format.label(shortOf(id).padEnd(width), n)} `
  try {
    const ends = await Promise.all(
      ids.map((id, n) =>
        followNode(client, id, {
          ...options,
          output,
          format,
          screen,
          label: ids.length > 1 ? labelOf(id, n) : '',
          progress: hasProgress,
          quiet,
          numbers,
        }),
      ),
    )
    const [first = ''] = ids
    if (isGithub) {
      const { GITHUB_STEP_SUMMARY, GITHUB_OUTPUT } = process.env
      screen.line(await report(client, first, { GITHUB_STEP_SUMMARY, GITHUB_OUTPUT }))
    }
    return options.follow === false ? EXIT.active : Math.max(...ends.map(exitCodeOf))
  } finally {
    screen.end()
  }
}

function streamOptions(flags: LogsFlags) {
  const { follow = false, tail, since, level, after, launch, timeout } = flags
  const query = queryOf(flags)
  return {
    follow,
    tail: tail === 'all' ? 'all' : Number(tail),
    ...(since !== undefined && { since }),
    // The server refuses what is not a level.
    ...(level !== undefined && { level: level as Level }),
    ...(query !== undefined && { q: query }),
    ...(launch !== undefined && { launch }),
    ...(after !== undefined && { lastEventId: after }),
    timeout,
  } as const
}

function queryOf({ query, rank }: LogsFlags): string | undefined {
  if (rank === undefined) return query
  const ofRank = `rank:=${JSON.stringify(rank)}`
  return query === undefined ? ofRank : `(${query}) ${ofRank}`
}
