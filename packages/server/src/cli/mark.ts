import type { NodeStatusChange } from '@launchtail/client'
import { Argument, Command, Option } from 'commander'
import { CODES } from '../output/causes/codes.js'
import { addressOf, connect, type ServerFlags, withServer } from './connection.js'
import { CliError } from './exit.js'
import { oneLine } from './format/text.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

interface MarkFlags extends ServerFlags {
  endpoint?: string
  message?: string
  code?: string
}

const STATUSES = ['active', 'failed', 'terminated']

/** `launchtail mark`: says how a launch has ended that another program makes. */
export function markCommand(): Command {
  return withServer(new Command('mark'))
    .description('Say that a node which another program launches is active, failed or terminated.')
    .argument('<node>', NODE_ARGUMENT)
    .addArgument(new Argument('<status>', 'what has become of it').choices(STATUSES))
    .addOption(
      new Option('--endpoint <address>', 'where an active node serves').argParser(addressOf),
    )
    .option('--message <text>', 'what the log says about it')
    .addOption(
      new Option(
        '--code <code>',
        'why it failed; by default, the cause that the log shows',
      ).choices([...Object.keys(CODES), 'unknown']),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail mark my-node active --endpoint http://10.0.0.7:8000
  $ launchtail mark my-node failed --message "the pod was evicted" --code preempted
  $ launchtail mark my-node terminated
`,
    )
    .action(async (name: string, status: NodeStatusChange['status'], flags: MarkFlags) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      const { endpoint, message, code } = flags
      const node = await client.setNodeStatus(id, { status, endpoint, message, code })
      const words = node.failure?.message ?? node.endpoint ?? ''
      const told = `${id} is ${node.status}${words === '' ? '' : `: ${oneLine(words)}`}`
      if (node.status !== status) throw new CliError(`${told}; it stays so`)
      process.stdout.write(`${told}\n`)
    })
}
