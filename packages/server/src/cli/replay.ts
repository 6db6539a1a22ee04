import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client, LogEntry } from '@launchtail/client'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError } from './exit.js'
import { formatterFor } from './format/formatter.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

interface ReplayFlags extends ServerFlags {
  speed: string
  into?: string
}

/** The longest pause of a replay, in milliseconds. Longer ones show nothing. */
const LONGEST_PAUSE = 10_000

/** `launchtail replay`: shows a log at its original pace, or faster. */
export function replayCommand(): Command {
  return withServer(new Command('replay'))
    .description('Replay a node’s log at its original pace, or faster.')
    .argument('<node>', NODE_ARGUMENT)
    .option('--speed <factor>', 'how many times faster', '1')
    .option('--into <node>', 'also write it into the log of this new node, for others to watch')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail replay 550e84 --speed 10
  $ launchtail replay 550e84 --speed 20 --into a-second-look
`,
    )
    .action(async (name: string, flags: ReplayFlags) => {
      const speed = Number(flags.speed)
      if (!(speed > 0)) throw new CliError(`--speed must be a number above 0, not "${flags.speed}"`)
      const client = await connect(flags)
      const { logs } = await client.getNodeLogs(await resolveNode(client, name), { tail: 'all' })
      if (flags.into) await client.createNode({ node_id: flags.into })
      await replay(client, logs, speed, flags.into)
    })
}

async function replay(
  client: Client,
  logs: readonly LogEntry[],
  speed: number,
  into: string | undefined,
): Promise<void> {
  const format = formatterFor(process.stdout, 'utc')
  let before: number | undefined
  for (const entry of logs) {
    const at = Date.parse(entry.timestamp)
    if (before !== undefined && at > before) {
      await pause(Math.min(LONGEST_PAUSE, (at - before) / speed))
    }
    before = at
    process.stdout.write(`${format.entry(entry)}\n`)
    if (!into) continue
    const { timestamp: _then, ...again } = entry
    await client.appendNodeLogs(into, again, { idempotencyKey: randomUUID() })
  }
}
