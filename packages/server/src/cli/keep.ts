import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

/** `launchtail keep`: keeps the cluster of a failed launch up for longer. */
export function keepCommand(): Command {
  return withServer(new Command('keep'))
    .description('Keep the cluster of a failed launch up for longer; see launch --keep-on-failure.')
    .argument('<node>', NODE_ARGUMENT)
    .argument('[time]', 'how long from now on', '30m')
    .addHelpText(
      'after',
      '\nExamples:\n  $ launchtail keep 550e84 2h\n  $ launchtail terminate 550e84        # take it down now\n',
    )
    .action(async (name: string, time: string, flags: ServerFlags) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      const { kept_until: until, cluster_name: cluster } = await client.keepNode(id, { for: time })
      process.stdout.write(`${cluster} stays up until ${until}\n`)
    })
}
