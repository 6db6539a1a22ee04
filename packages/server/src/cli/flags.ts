import { parseDuration, parseLaunchName } from '@launchtail/client/protocol'
import { InvalidArgumentError, Option } from 'commander'
import { timeIn } from './format/clock.js'

/** A flag for a duration such as `90s` or `1h30m`. Its value is in milliseconds. */
export function durationFlag(flags: string, description: string, usual: string): Option {
  return new Option(flags, description)
    .default(durationOf(usual), usual)
    .argParser((text) => durationOf(text))
}

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new InvalidArgumentError('It must be a duration such as 90s, 10m, 1h30m or 2d.')
  return ms
}

/** A flag for a whole number. */
export function countFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
    return Number(text)
  })
}

/** A flag for an amount of US dollars. */
export function dollarsFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^\d{1,9}(\.\d{1,4})?$/.test(text) || Number(text) === 0) {
      throw new InvalidArgumentError('It must be an amount of US dollars, such as 20 or 12.50.')
    }
    return Number(text)
  })
}

/** The flag for the time zone in which times are shown. */
export function zoneFlag(): Option {
  return new Option('--tz <zone>', 'the time zone: local, utc, or a name')
    .default('local')
    .argParser(zoneOf)
}

function zoneOf(zone: string): string {
  try {
    timeIn(zone)
    return zone
  } catch {
    throw new InvalidArgumentError('It must be local, utc, or a name such as Europe/Berlin.')
  }
}

/** The flag that names one of a node's launches. */
export function launchFlag(description: string): Option {
  const flag = new Option('--launch <launch>', `${description}: latest, previous, or its number`)
  return flag.argParser((text) => {
    const name = parseLaunchName(text)
    if (name === undefined)
      throw new InvalidArgumentError('It must be latest, previous or a number from 1.')
    return name
  })
}
