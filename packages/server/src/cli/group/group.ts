import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { formatterFor } from '../format/formatter.js'
import { deleteGroupCommand, terminateGroupCommand } from './end.js'
import { groupsText, groupText } from './group-text.js'
import { updateGroupCommand } from './update.js'

/** `launchtail group`: shows groups, and replaces or ends their nodes. */
export function groupCommand(): Command {
  const group = withServer(new Command('group'))
    .description('Show groups of nodes, replace their nodes, or end them; see launch --replicas.')
    .argument('[group]', 'the id of a group; default: all of them')
    .option('--json', 'print JSON; of several groups, one per line')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail launch --file task.yaml --replicas 3 --group-id trio --wait
  $ launchtail group trio
  $ launchtail group update trio --set gpu=H100 --wait
  $ launchtail group terminate trio
`,
    )
    .action(async (id: string | undefined, flags: ServerFlags & { json?: boolean }) => {
      const client = await connect(flags)
      const format = formatterFor(process.stdout)
      if (id !== undefined) {
        const found = await client.getGroup(id)
        print(flags.json ? JSON.stringify(found, null, 2) : groupText(found, format))
        return
      }
      const { groups } = await client.listGroups()
      if (flags.json) for (const one of groups) print(JSON.stringify(one))
      else print(groupsText(groups, format))
    })
  for (const command of [updateGroupCommand(), terminateGroupCommand(), deleteGroupCommand()]) {
    group.addCommand(command)
  }
  return group
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
