import type { LaunchName, Phase } from '@launchtail/client'
import { PHASES } from '@launchtail/client/protocol'
import { type Command, Option } from 'commander'
import { launchFlag } from './flags.js'

/** What narrows a search, or an export, in the logs of all nodes. */
export interface SearchedFlags {
  node: string[]
  launch?: LaunchName
  since?: string
  until?: string
  level?: string
  phase?: Phase
}

/** The commands that look into the logs of all nodes have the same flags for it. */
export function withSearchedFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--node <node>', 'only this node; may be repeated')
        .default([], 'all nodes')
        .argParser((node, nodes: string[]) => [...nodes, node]),
    )
    .addOption(launchFlag('with one --node: only this launch of it'))
    .option(
      '--since <time>',
      'only later entries: an RFC 3339 time, or a duration before now such as 10m',
    )
    .option('--until <time>', 'only entries up to this time, in the same forms')
    .option('--level <levels>', 'this level and above, or a list of exact levels: error,debug')
    .addOption(new Option('--phase <phase>', 'only entries of this phase').choices(PHASES))
}
