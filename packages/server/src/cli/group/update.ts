import { Command, Option } from 'commander'
import { type ChangeFlags, changesOf, withChanges } from '../change-flags.js'
import { connect, type ServerFlags, withServer } from '../connection.js'
import { EXIT } from '../exit.js'
import { countFlag } from '../flags.js'
import { collect, withWaiting } from '../launch-flags.js'
import type { LaunchedFlags } from '../launched.js'
import { updateOf } from './group-text.js'
import { waitForGroup } from './wait.js'

interface UpdateFlags extends ServerFlags, ChangeFlags, LaunchedFlags {
  only?: string[]
  maxSurge?: number
}

/** `launchtail group update`: replaces a group's nodes, one after the other. */
export function updateGroupCommand(): Command {
  const command = withChanges(withServer(new Command('update')))
    .description('Replace a group’s nodes: start a new one, wait until it is active, end the old.')
    .argument('<group>', 'its id')
    .addOption(
      new Option('--only <node>', 'only this of its nodes; may be repeated').argParser(collect),
    )
    .addOption(countFlag('--max-surge <n>', 'how many new nodes at a time; default: 1'))
  return withWaiting(command)
    .addHelpText(
      'after',
      `
A new node that fails stops the update, and the old nodes stay. With --wait, that is exit code 2.

Examples:
  $ launchtail group update trio --wait                   the same anew
  $ launchtail group update trio --set model=Qwen/Qwen3-8B --secret HF_TOKEN
  $ launchtail group update trio --only trio-2
`,
    )
    .action(async (id: string, flags: UpdateFlags) => {
      const client = await connect(flags)
      const { only, maxSurge, wait, quiet, timeout } = flags
      const { update } = await client.updateGroup(id, {
        ...(await changesOf(flags)),
        ...(only && { only }),
        ...(maxSurge !== undefined && { max_surge: maxSurge }),
      })
      if (quiet) process.stdout.write(`${id}\n`)
      else process.stdout.write(`Replacing ${update?.wanted} of the nodes of ${id}\n`)
      if (!wait) return
      const group = await waitForGroup(client, id, { quiet, timeout, since: update?.started_at })
      if (group.update && !quiet) process.stdout.write(`${id}: ${updateOf(group.update)}\n`)
      process.exitCode = group.update?.state === 'done' ? EXIT.active : EXIT.failed
    })
}
