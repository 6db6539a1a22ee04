import type { NewLaunch } from '@launchtail/client'
import { type Command, InvalidArgumentError, Option } from 'commander'

export interface OwnerFlags {
  owner?: string
  label?: Record<string, string>
}

/** Adds the flags for whom a launch is for. */
export function withOwner(
  command: Command,
  { owner, label } = {
    owner: 'who it is for: a person, a team',
    label: 'a label of the node; may be repeated',
  },
): Command {
  return command
    .option('--owner <name>', owner)
    .addOption(
      new Option('--label <name=value>', label).argParser(
        (text, all: Record<string, string> = {}) => ({ ...all, ...labelIn(text) }),
      ),
    )
}

function labelIn(text: string): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be name=value.')
  return { [text.slice(0, at)]: text.slice(at + 1) }
}

/** The fields of the request that these flags are. */
export function ownerOf({ owner, label }: OwnerFlags): Pick<NewLaunch, 'owner' | 'labels'> {
  return { ...(owner !== undefined && { owner }), ...(label && { labels: label }) }
}
