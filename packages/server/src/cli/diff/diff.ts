import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { countFlag } from '../flags.js'
import { formatterFor } from '../format/formatter.js'
import { diffText } from './diff-text.js'
import { differenceOf, type LaunchDifference } from './difference.js'
import { comparedLaunches } from './launches.js'

interface DiffFlags extends ServerFlags {
  lines: number
  json?: boolean
}

/** `launchtail diff`: two launches side by side. */
export function diffCommand(): Command {
  return withServer(new Command('diff'))
    .description('Show what differs between two launches: the request, the times, the lines.')
    .argument('<a>', 'a node (as for "launchtail status"), or one of its launches: my-node@2')
    .argument(
      '[b]',
      'another one; default: what the node was launched again from, its own launch before, or what it was launched again as',
    )
    .addOption(
      countFlag(
        '--lines <count>',
        'how many lines of only one of them are shown for each phase',
      ).default(3),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail diff my-node@1 my-node@2
  $ launchtail diff slow-node fast-node --lines 10
  $ launchtail diff $(launchtail relaunch -q --wait my-node)
`,
    )
    .action(async (a: string, b: string | undefined, flags: DiffFlags) => {
      const client = await connect(flags)
      const pair = await comparedLaunches(client, a, b)
      const difference = await differenceOf(client, pair)
      const { lines, json } = flags
      const text = json
        ? jsonOf(difference, lines)
        : diffText(difference, lines, formatterFor(process.stdout))
      process.stdout.write(`${text}\n`)
    })
}

function jsonOf({ names, phases, ...difference }: LaunchDifference, lines: number): string {
  const only = (of: LaunchDifference['phases'][number]['left']) =>
    of.flatMap(({ entry, isOnlyHere }) => (isOnlyHere ? [entry] : [])).slice(0, lines)
  const first = phases.map(({ phase, left, right }) => ({
    ...{ phase, left: only(left), right: only(right) },
  }))
  return JSON.stringify({ names, ...difference, lines: first }, null, 2)
}
