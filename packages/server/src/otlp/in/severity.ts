import type { Level } from '@launchtail/client/protocol'

/** The level of a record that names its severity; undefined where it does not. */
export function levelOf(number: number, text: string): Level | undefined {
  if (number >= 17) return 'error'
  if (number >= 13) return 'warn'
  if (number >= 9) return 'info'
  if (number >= 1) return 'debug'
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1]
}

const TEXTS: readonly (readonly [RegExp, Level])[] = [
  [/^(?:e|err|error|crit|critical|fatal|f|alert|emerg|emergency|panic)$/i, 'error'],
  [/^(?:w|warn|warning)$/i, 'warn'],
  [/^(?:i|info|information|informational|notice)$/i, 'info'],
  [/^(?:d|debug|t|trace|verbose|fine)$/i, 'debug'],
]
