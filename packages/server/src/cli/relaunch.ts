import { Command } from 'commander'
import { type ChangeFlags, changesOf, withChanges } from './change-flags.js'
import { connect, type ServerFlags, withServer } from './connection.js'
import { withWaiting } from './launch-flags.js'
import { type LaunchedFlags, tellLaunched } from './launched.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

interface RelaunchFlags extends ServerFlags, LaunchedFlags, ChangeFlags {}

/** `launchtail relaunch`: launches again what a node was launched with. */
export function relaunchCommand(): Command {
  const command = withChanges(withServer(new Command('relaunch')))
    .description('Launch again what a node was launched with, as a new node.')
    .argument('<node>', NODE_ARGUMENT)
  return withWaiting(command)
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail relaunch 550e84 --wait
  $ launchtail relaunch 550e84 --set gpu=H100 --set gpu_count=2 --secret HF_TOKEN
  $ launchtail relaunch my-node --set envs.BATCH=64 --set use_spot=
  $ launchtail diff $(launchtail relaunch -q --wait my-node)
`,
    )
    .action(async (name: string, flags: RelaunchFlags) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      const launched = await client.relaunchNode(id, await changesOf(flags))
      await tellLaunched(client, launched, flags)
    })
}
