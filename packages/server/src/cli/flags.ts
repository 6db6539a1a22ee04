import { parseDuration } from '@launchtail/client/protocol'
import { InvalidArgumentError, Option } from 'commander'

/** A flag that takes a duration such as `90s` or `1h30m`; its value is milliseconds. */
export function durationFlag(flags: string, description: string, usual: string): Option {
  return new Option(flags, description)
    .default(durationOf(usual), usual)
    .argParser((text) => durationOf(text))
}

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('It is written as 90s, 10m, 1h30m or 2d.')
  return ms
}

/** A flag that takes a whole number. */
export function countFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
    return Number(text)
  })
}
