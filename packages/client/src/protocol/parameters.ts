import { z } from 'zod'
import { type Cursor, parseCursor } from './cursor.js'
import { type Level, parseLevels } from './levels.js'
import { PHASES } from './phases.js'
import { STATS_KEYS, type StatsKey } from './stats.js'
import { type Instant, parseSince } from './time.js'

/** The spellings of a boolean that are read; they are those of Go's `strconv.ParseBool`. */
const booleans: Record<string, boolean> = {
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

const follow = text((value) => booleans[value], "invalid 'follow' value", {
  type: 'boolean',
  default: true,
  description: 'Keep the connection open and stream new entries.',
})

const tail = text((value) => parseTail(value), "invalid 'tail' value", {
  type: 'string',
  pattern: '^([0-9]+|all)$',
  default: '100',
  description: 'How many of the newest entries to give: a whole number, or `all`.',
})

const since = text(
  (value): Instant | undefined => parseSince(value, Date.now()),
  "invalid 'since' timestamp format",
  {
    type: 'string',
    description:
      'Only entries later than this: RFC 3339, or a duration back from now (`90s`, `10m`, `1h30m`, `2d`).',
  },
)

const level = text(
  (value): ReadonlySet<Level> | undefined => parseLevels(value),
  "invalid 'level' value",
  {
    type: 'string',
    description: '`warn`: that level and above. `error,debug`: exactly these.',
  },
)

const q = text((): undefined => undefined, "'q' is not supported yet", {
  type: 'string',
  description: 'Reserved: a query over the entries. Not supported yet.',
})

function cursor(name: string, description: string) {
  return text((value): Cursor | undefined => parseCursor(value), `invalid '${name}' value`, {
    type: 'string',
    description,
  })
}

/** `follow`, `tail`, `since`, `level`, `q`: the parameters of a stream. */
export const streamQuery = z.object({
  follow: follow.default(true),
  tail: tail.default(100),
  since: since.optional(),
  level: level.optional(),
  q: q.optional(),
  last_event_id: z.string().optional().describe('As the `Last-Event-ID` header, which wins.'),
  lastEventId: z.string().optional().describe('As `last_event_id`.'),
})

export const historyQuery = z.object({
  tail: tail.default(100),
  since: since.optional(),
  level: level.optional(),
  q: q.optional(),
  before: cursor('before', 'Only entries before the one this cursor names.').optional(),
  after: cursor('after', 'Only entries after the one this cursor names.').optional(),
})

export const EXPORT_FORMATS = ['json', 'ndjson', 'csv', 'text'] as const

export const exportQuery = historyQuery.extend({
  tail: tail.default(Number.POSITIVE_INFINITY).meta({ override: { default: 'all' } }),
  format: z.enum(EXPORT_FORMATS, "invalid 'format' value").default('json'),
  raw: text((value) => booleans[value], "invalid 'raw' value", {
    type: 'boolean',
    default: false,
    description: 'CSV: leave cells as they are that a spreadsheet would run as a formula.',
  }).default(false),
})

export const nodesQuery = z.object({
  phase: z.enum(PHASES, "invalid 'phase' value").optional(),
  provider: z.string().optional(),
  q: z
    .string()
    .max(256, "invalid 'q' value")
    .optional()
    .describe('A part of the id, name, cluster name, model, GPU or region.'),
  limit: text((value) => within(value, 1, 1000), "invalid 'limit' value", {
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 100,
  }).default(100),
  cursor: z.string().optional().describe('The `cursor` of the page before.'),
})

export const statsQuery = z.object({
  since: since
    .meta({
      override: {
        type: 'string',
        description:
          'Only launches that ended later than this: RFC 3339, or a duration back from now (`7d`).',
      },
    })
    .optional(),
  by: text((value): readonly StatsKey[] | undefined => parseKeys(value), "invalid 'by' value", {
    type: 'string',
    description: 'What to group by: one or more of `provider`, `region`, `gpu`, `model`.',
  }).optional(),
  last: text((value) => within(value, 0, 200), "invalid 'last' value", {
    type: 'integer',
    minimum: 0,
    maximum: 200,
    default: 50,
    description: 'How many of the last launches to give one by one.',
  }).default(50),
})

export type StreamQuery = z.infer<typeof streamQuery>
export type HistoryQuery = z.infer<typeof historyQuery>
export type ExportQuery = z.infer<typeof exportQuery>
export type NodesQuery = z.infer<typeof nodesQuery>
export type StatsQuery = z.infer<typeof statsQuery>

function parseTail(value: string): number | undefined {
  if (value === 'all') return Number.POSITIVE_INFINITY
  // Digits without end are still a whole number: more than any list has.
  return /^\d+$/.test(value) ? Number(value) : undefined
}

function parseKeys(value: string): StatsKey[] | undefined {
  const names = new Set(value.split(',').map((name) => name.trim()))
  const keys = STATS_KEYS.filter((key) => names.has(key))
  return keys.length === names.size ? keys : undefined
}

function within(value: string, min: number, max: number): number | undefined {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  return number >= min && number <= max ? number : undefined
}

/** A parameter that arrives as text: `parse` reads it, or gives undefined for one that is `wrong`. */
function text<T>(parse: (value: string) => T | undefined, wrong: string, schema: object) {
  return z
    .string()
    .transform((value, context): T => {
      const parsed = parse(value)
      if (parsed === undefined) context.addIssue(wrong)
      return parsed as T
    })
    .meta({ override: schema })
}
