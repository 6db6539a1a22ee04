import type { NewLaunch } from '@launchtail/client'
import type { Command } from 'commander'
import { dollarsFlag } from './flags.js'

export interface LimitFlags {
  launchTimeout?: string
  maxLifetime?: string
  idleTimeout?: string
  keepOnFailure?: string
  budget?: number
}

/** Adds the flags for how long a launch, and what comes of it, may last, and what it may cost. */
export function withLimits(command: Command): Command {
  return command
    .option('--launch-timeout <time>', 'how long all attempts together may take')
    .option('--max-lifetime <time>', 'take the node down when it has been active for so long')
    .option('--idle-timeout <time>', 'take the node down when it has served nobody for so long')
    .option(
      '--keep-on-failure <time>',
      'if the launch fails, its cluster stays up for so long, to be looked into',
    )
    .addOption(
      dollarsFlag('--budget <dollars>', 'what it may cost; refused if max_lifetime costs more'),
    )
}

/** The fields of the request that these flags are. */
export function limitsOf(flags: LimitFlags): Limits {
  const { launchTimeout, maxLifetime, idleTimeout, keepOnFailure, budget } = flags
  return {
    ...(launchTimeout !== undefined && { launch_timeout: launchTimeout }),
    ...(maxLifetime !== undefined && { max_lifetime: maxLifetime }),
    ...(idleTimeout !== undefined && { idle_timeout: idleTimeout }),
    ...(keepOnFailure !== undefined && { keep_on_failure: keepOnFailure }),
    ...(budget !== undefined && { budget }),
  }
}

type Limits = Pick<
  NewLaunch,
  'launch_timeout' | 'max_lifetime' | 'idle_timeout' | 'keep_on_failure' | 'budget'
>
