import type { Group } from '@launchtail/client'
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
  replicas?: number
}

/** `launchtail group update`: replaces a group's nodes, one after the other, or changes their number. */
export function updateGroupCommand(): Command {
  const command = withChanges(withServer(new Command('update')))
    .description('Replace a group’s nodes: start a new one, wait until it is active, end the old.')
    .argument('<group>', 'its id')
    .addOption(
      new Option('--only <node>', 'only this of its nodes; may be repeated').argParser(collect),
    )
    .addOption(countFlag('--max-surge <n>', 'how many new nodes at a time; default: 1'))
    .addOption(countFlag('--replicas <n>', 'how many nodes it is to have; alone, it replaces none'))
  return withWaiting(command)
    .addHelpText(
      'after',
      `
A new node that fails stops the update, and the old nodes stay. With --wait, that is exit code 2.

Examples:
  $ launchtail group update trio --wait                   the same anew
  $ launchtail group update trio --set model=Qwen/Qwen3-8B --secret HF_TOKEN
  $ launchtail group update trio --only trio-2
  $ launchtail group update trio --replicas 5 --max-surge 2
`,
    )
    .action(async (id: string, flags: UpdateFlags) => {
      const client = await connect(flags)
      const { only, maxSurge, replicas, wait, quiet, timeout } = flags
      const { update } = await client.updateGroup(id, {
        ...(await changesOf(flags)),
        ...(only && { only }),
        ...(maxSurge !== undefined && { max_surge: maxSurge }),
        ...(replicas !== undefined && { replicas }),
      })
      if (quiet) process.stdout.write(`${id}\n`)
      else if (update) process.stdout.write(`${beginningOf(id, update)}\n`)
      if (!wait) return
      const group = await waitForGroup(client, id, { quiet, timeout, since: update?.started_at })
      if (group.update && !quiet) process.stdout.write(`${id}: ${updateOf(group.update)}\n`)
      process.exitCode = group.update?.state === 'done' ? EXIT.active : EXIT.failed
    })
}

function beginningOf(id: string, update: NonNullable<Group['update']>): string {
  const { wanted, to_add: toAdd, removed } = update
  if (!toAdd && !removed) return `Replacing ${wanted} of the nodes of ${id}`
  const parts = [
    wanted > 0 && `${wanted} nodes are replaced`,
    toAdd && `${toAdd} added`,
    removed && `${removed} removed`,
  ]
  return `${id}: ${parts.filter(Boolean).join(', ')}`
}
