import type { NewLaunch } from '@launchtail/client'
import { type Place, parsePlace } from '@launchtail/client/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { countFlag } from './flags.js'

export interface PlaceFlags {
  place?: Place[]
  attempts?: number
  retryUntilUp?: boolean
}

/** Adds the flags for where a launch is tried, and how often. */
export function withPlaces(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--place <infra[,option…]>',
        'where to launch, in order of preference, such as slurm/lab/main,wait=20s; options: gpu=, gpu_count=, region=, spot, wait=',
      ).argParser((text, all: Place[] = []) => [...all, placeIn(text)]),
    )
    .addOption(countFlag('--attempts <n>', 'how often to try; default: once at each place'))
    .option('--retry-until-up', 'try for as long as the --launch-timeout allows')
}

function placeIn(text: string): Place {
  try {
    return parsePlace(text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

/** The fields of the request that these flags are. */
export function placesOf({
  place,
  attempts,
  retryUntilUp,
}: PlaceFlags): Pick<NewLaunch, 'places' | 'attempts' | 'retry_until_up'> {
  return {
    ...(place && { places: place }),
    ...(attempts !== undefined && { attempts }),
    ...(retryUntilUp && { retry_until_up: true }),
  }
}
