import * as z from 'zod'
import { type Cursor, parseCursor } from './cursor.js'
import { type Level, parseLevels } from './levels.js'
import { NODE_ID } from './node.js'
import { type LaunchName, parseLaunchName } from './node-launches.js'
import { STATS_KEYS, type StatsKey } from './stats.js'
import { type Instant, parseDuration, parseInstant, parseSince } from './time.js'

/** The spellings of a boolean that are accepted: those of Go's `strconv.ParseBool`. */
const BOOLEANS: Record<string, boolean> = {
  true: true,
  True: true,
  TRUE: true,
  t: true,
  '1': true,
  false: false,
  False: false,
  FALSE: false,
  f: false,
  '0': false,
}

export const tail = parameter<number | 'all', number>(parseTail, "invalid 'tail' value", {
  type: 'string',
  pattern: '^([0-9]+|all)$',
  default: '100',
  description: 'How many of the newest entries to return: a whole number, or `all`.',
})

export const tailPerNode = parameter<number | 'all', number>(
  parseTail,
  "invalid 'tail_per_node' value",
  {
    type: 'string',
    pattern: '^([0-9]+|all)$',
    description: 'How many of the newest entries of each node to return.',
  },
)

export const since = parameter<string, Instant>(
  (text) => parseSince(text, Date.now()),
  "invalid 'since' timestamp format",
  {
    type: 'string',
    description:
      'Only entries later than this: RFC 3339, or a duration back from now (`90s`, `10m`, `1h30m`, `2d`).',
  },
)

export const until = parameter<string, Instant>(
  (text) => parseSince(text, Date.now()),
  "invalid 'until' timestamp format",
  {
    type: 'string',
    description: 'Only entries up to this time: RFC 3339, or a duration back from now.',
  },
)

/** In milliseconds since 1970. */
export const moment = parameter<string, number>(
  (text) => {
    const time = parseInstant(text)
    return time && time.seconds * 1000 + Math.floor(time.nanos / 1e6)
  },
  "invalid 'now' value",
  {
    type: 'string',
    description:
      'The time that `-2h` and `today` in `q` are counted from: RFC 3339. By default the `Date` of the answer.',
  },
)

export const nodeIds = parameter<string | readonly string[], ReadonlySet<string>>(
  parseNodeIds,
  "invalid 'node' value",
  {
    type: 'string',
    description: 'Only entries of these nodes: ids, separated by commas.',
  },
)

export const searchCursor = parameter<string, string>(
  (text) => (/^[0-9a-f]{8}-\d{1,15}$/.test(text) ? text : undefined),
  "invalid 'cursor' value",
  {
    type: 'string',
    description: 'The `cursor` of the search before: this one goes on from there.',
  },
)

/** In seconds. */
export const bucket = parameter<string, number>(
  (text) => {
    const seconds = (parseDuration(text) ?? 0) / 1000
    return Number.isInteger(seconds) && seconds > 0 ? seconds : undefined
  },
  "invalid 'bucket' value",
  {
    type: 'string',
    description:
      'How long a bucket is, in whole seconds: `30s`, `5m`, `1h`. By default as long as fits into 60 of them.',
  },
)

/** One of a node's launches. */
export const launch = parameter<LaunchName, LaunchName>(parseLaunchName, "invalid 'launch' value", {
  type: 'string',
  pattern: '^(latest|previous|[1-9][0-9]*)$',
  description:
    'Only entries of one launch of the node: `latest`, `previous`, or its number, counted from 1.',
})

export const level = parameter<Level | readonly Level[], ReadonlySet<Level>>(
  parseLevels,
  "invalid 'level' value",
  {
    type: 'string',
    description: '`warn`: that level and above. `error,debug`: exactly these.',
  },
)

export const q = z
  .string()
  .describe('Only entries that this query finds, such as `level:>=warn -oom`; see docs/query.md.')

export const statsKeys = parameter<readonly StatsKey[], readonly StatsKey[]>(
  parseKeys,
  "invalid 'by' value",
  {
    type: 'string',
    description: 'What to group by: one or more of `provider`, `region`, `gpu`, `model`, `spot`.',
  },
)

export function cursor(name: string, description: string) {
  return parameter<string, Cursor>(parseCursor, `invalid '${name}' value`, {
    type: 'string',
    description,
  })
}

export function flag(name: string, usual: boolean, description: string) {
  return parameter<boolean, boolean>((text) => BOOLEANS[text], `invalid '${name}' value`, {
    type: 'boolean',
    default: usual,
    description,
  }).default(usual)
}

interface Count {
  readonly minimum: number
  readonly maximum: number
  readonly usual: number
  readonly description?: string
}

export function count(name: string, { minimum, maximum, usual, ...about }: Count) {
  const parse = (text: string) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return number >= minimum && number <= maximum ? number : undefined
  }
  return parameter<number, number>(parse, `invalid '${name}' value`, {
    type: 'integer',
    minimum,
    maximum,
    default: usual,
    ...about,
  }).default(usual)
}

function parseTail(text: string): number | undefined {
  if (text === 'all') return Number.POSITIVE_INFINITY
  // Any run of digits is a whole number, even one that is larger than any list.
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** The most nodes that one request names. */
const MOST_NODES = 500

function parseNodeIds(text: string): Set<string> | undefined {
  const ids = new Set(text.split(',').map((id) => id.trim()))
  return ids.size <= MOST_NODES && [...ids].every((id) => NODE_ID.test(id)) ? ids : undefined
}

function parseKeys(text: string): StatsKey[] | undefined {
  const names = new Set(text.split(',').map((name) => name.trim()))
  const keys = STATS_KEYS.filter((key) => names.has(key))
  return keys.length === names.size ? keys : undefined
}

/**
 * A query parameter. A client gives a `Given`, which the address carries as text; `parse` reads the
 * text, or returns undefined for text that is refused with the message `wrong`. `schema` describes
 * it in the OpenAPI document.
 */
function parameter<Given, Parsed>(
  parse: (text: string) => Parsed | undefined,
  wrong: string,
  schema: object,
): z.ZodType<Parsed, Given> {
  const read = z.string().transform((text, context): Parsed => {
    const parsed = parse(text)
    if (parsed === undefined) context.addIssue(wrong)
    return parsed as Parsed
  })
  // The type of the input is the one before it is written as text.
  return read.meta({ override: schema }) as unknown as z.ZodType<Parsed, Given>
}
