import { ApiError } from '@launchtail/client'
import { LEVELS, STATS_KEYS } from '@launchtail/client/protocol'
import { CliError, EXIT } from './exit.js'
import { oneLine } from './format/text.js'

const VALID: Readonly<Record<string, string>> = {
  level: `a level is one of ${LEVELS.join(', ')}, or a list of them`,
  since:
    'it is an RFC 3339 time such as 2026-01-15T10:30:00Z, or a duration before now such as 10m',
  until: 'it is a time in the forms of --since',
  bucket: 'it is a duration in whole seconds, such as 5m, 1h or 1d',
  by: `a field is one of ${STATS_KEYS.join(', ')}`,
  tail: 'it is a number of entries, or "all"',
}

/**
 * Adds to the server's refusal of a flag what was given and what is valid. Its own sentence names
 * only the parameter.
 */
export function explained(error: unknown, flags: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof ApiError && error.status === 400)) return error
  const column = /^column (\d+): /.exec(error.message)?.[1]
  if (column !== undefined) return inQuery(error, Number(column), String(flags.query))
  const name = /^invalid '(\w+)'/.exec(error.message)?.[1] ?? ''
  const valid = VALID[name]
  if (valid === undefined) return error
  const words = `${error.message} "${flags[name]}": ${valid}`
  return new CliError(words, EXIT.unexpected, { cause: error })
}

/** Points at what is wrong in a query. */
function inQuery(error: ApiError, column: number, query: string): CliError {
  const before = oneLine(query.slice(0, column - 1))
  const line = before + oneLine(query.slice(column - 1))
  const below = [line, `${' '.repeat(before.length)}^`]
  return new CliError(error.message, EXIT.unexpected, { cause: error, below })
}
