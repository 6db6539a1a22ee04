import * as z from 'zod'
import {
  bucket,
  count,
  cursor,
  flag,
  launch,
  level,
  moment,
  nodeIds,
  q,
  searchCursor,
  since,
  statsKeys,
  tail,
  tailPerNode,
  until,
} from './parameters.js'
import { PHASES } from './phases.js'
import { DELIVERY_STATES } from './webhook-names.js'

// The comments on fields are what an editor shows to users of the client.

/** The query of a node's stream. */
export const streamQuery = z.object({
  /** False: what there is, then `done`. Default true. */
  follow: flag('follow', true, 'Keep the connection open and stream new entries.'),
  /** How many of the newest entries come first, or `all`. Default 100. */
  tail: tail.default(100),
  /** Only entries later than this: RFC 3339, or a duration back from now such as `10m`. */
  since: since.optional(),
  /** That level and above, or a list of exactly these. Filters `log` events only. */
  level: level.optional(),
  /** Only entries that this query finds; see docs/query.md. Filters `log` events only. */
  q: q.optional(),
  /** Only one launch: `latest`, `previous`, or its number, counted from 1. A past one ends with `done`. */
  launch: launch.optional(),
  last_event_id: lastEventId('The same as the `Last-Event-ID` header, which wins.'),
  lastEventId: lastEventId('The same as `last_event_id`.'),
})

export const historyQuery = z.object({
  /** How many of the newest entries, or `all`. Default 100. */
  tail: tail.default(100),
  /** Only entries later than this: RFC 3339, or a duration back from now such as `10m`. */
  since: since.optional(),
  /** That level and above, or a list of exactly these. */
  level: level.optional(),
  /** Only entries that this query finds; see docs/query.md. */
  q: q.optional(),
  /** Only entries of one launch: `latest`, `previous`, or its number, counted from 1. */
  launch: launch.optional(),
  /** Only entries before the one this cursor names. */
  before: cursor('before', 'Only entries before the one this cursor names.').optional(),
  /** Only entries after the one this cursor names. */
  after: cursor('after', 'Only entries after the one this cursor names.').optional(),
})

/** Which entries of all nodes are looked for. */
const entriesQuery = z.object({
  /** Only entries that this query finds; see docs/query.md. */
  q: q.optional(),
  /** Only entries later than this: RFC 3339, or a duration back from now such as `10m`. */
  since: since.optional(),
  /** Only entries up to this time, in the same forms. */
  until: until.optional(),
  /** That level and above, or a list of exactly these. */
  level: level.optional(),
  phase: z.enum(PHASES, "invalid 'phase' value").optional(),
  /** Only entries of these nodes. */
  node: nodeIds.optional(),
})

/** The query of the stream of many nodes. */
export const mergedQuery = entriesQuery.extend({
  /** Only launches in this phase. Not with `node`. */
  phase: z
    .enum(PHASES, "invalid 'phase' value")
    .optional()
    .describe('Only launches in this phase, and those that enter it. Not with `node`.'),
  /** These nodes alone; the stream ends when their launches have. Default: all launches under way. */
  node: nodeIds
    .meta({
      override: {
        type: 'string',
        description:
          'These nodes alone: ids, separated by commas. The stream ends when all their launches have. By default it has the launches that are under way, and those that begin.',
      },
    })
    .optional(),
  /** How many of the newest entries of all nodes come first, or `all`. Default 100. */
  tail: tail.optional(),
  /** How many of the newest entries of each node come first, or `all`. */
  tail_per_node: tailPerNode.optional(),
  /** Only entries up to this time, where the stream ends. */
  until: until.optional(),
  last_event_id: lastEventId('The same as the `Last-Event-ID` header, which wins.'),
  lastEventId: lastEventId('The same as `last_event_id`.'),
})

export const groupsQuery = z.object({
  /** 1 to 1000. Default 100. */
  limit: count('limit', { minimum: 1, maximum: 1000, usual: 100 }),
  /** The `cursor` of the previous page. */
  cursor: z.string().optional().describe('The `cursor` of the previous page.'),
})

/** The query of the stream of a group. */
export const groupStreamQuery = mergedQuery.omit({ node: true, phase: true })

function lastEventId(description: string) {
  return z.string().optional().describe(description)
}

/** The same of logs as they are, where a launch of a node is a part of its log. */
const storedQuery = entriesQuery.extend({
  /** With one `node`: only entries of one launch of it, `latest`, `previous` or its number. */
  launch: launch
    .meta({
      override: {
        type: 'string',
        pattern: '^(latest|previous|[1-9][0-9]*)$',
        description:
          'With one `node`: only entries of one launch of it, `latest`, `previous`, or its number, counted from 1.',
      },
    })
    .optional(),
})

export const searchQuery = storedQuery.extend({
  /** 1 to 1000. Default 100. */
  limit: count('limit', { minimum: 1, maximum: 1000, usual: 100 }),
  /** The `cursor` of the search before: this one goes on from there. */
  cursor: searchCursor.optional(),
  /** `desc`, the newest first, or `asc`. Default `desc`. */
  order: z.enum(['asc', 'desc'], "invalid 'order' value").default('desc'),
  /** How many entries before and after each in its log come with it: 0 to 20. Default 0. */
  context: count('context', {
    minimum: 0,
    maximum: 20,
    usual: 0,
    description: 'How many entries before and after each in its log come with it.',
  }),
})

export const countQuery = storedQuery.extend({
  /** How long a bucket is, such as `5m`. By default as long as fits into 60 of them. */
  bucket: bucket.optional(),
})

export const explainQuery = z.object({
  /** The query to explain. */
  q: z.string().optional().describe('The query to explain; see docs/query.md.'),
})

const EXPORT_FORMATS = ['json', 'ndjson', 'csv', 'text'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

const format = z.enum(EXPORT_FORMATS, "invalid 'format' value")

/** What a reader chooses of a file besides its format. */
const layoutQuery = z.object({
  /** `asc`, the oldest first, or `desc`. Default `asc`. */
  order: z.enum(['asc', 'desc'], "invalid 'order' value").default('asc'),
  /** CSV: leave cells as they are that a spreadsheet would run as a formula. Default false. */
  raw: flag(
    'raw',
    false,
    'CSV: leave cells as they are that a spreadsheet would run as a formula.',
  ),
  /** CSV: begin with the mark by which Excel knows UTF-8. Default false. */
  bom: flag('bom', false, 'CSV: begin with the mark by which Excel knows UTF-8.'),
  /** NDJSON and CSV: end with a line that has the count and the digest. Default false. */
  trailer: flag(
    'trailer',
    false,
    'NDJSON and CSV: end with a line that has the number of entries and the SHA-256 of the lines before.',
  ),
  /** The file itself is compressed, as `.csv.gz` is. Default false. */
  gzip: flag(
    'gzip',
    false,
    'Compress the file itself, as `.csv.gz` is. Its count and digest are of what is in it.',
  ),
})

export const exportQuery = historyQuery.extend({
  /** How many of the newest entries, or `all`. Default `all`. */
  tail: tail.default(Number.POSITIVE_INFINITY).meta({ override: { default: 'all' } }),
  /** Default `json`. */
  format: format.default('json'),
  ...layoutQuery.shape,
})

/** The export of all nodes. */
export const exportAllQuery = storedQuery.extend({
  /** Default `ndjson`. */
  format: format.default('ndjson'),
  ...layoutQuery.shape,
  /** The `Log-Cursor` of an export before: only what has come since. */
  cursor: searchCursor
    .meta({
      override: {
        type: 'string',
        description: 'The `Log-Cursor` of an export before: only what has come since.',
      },
    })
    .optional(),
  /** The time that `-2h` and `today` in `q` are counted from. Default: now. */
  now: moment.optional(),
})

export const nodesQuery = z.object({
  phase: z.enum(PHASES, "invalid 'phase' value").optional(),
  provider: z.string().optional(),
  /** A query over the records; a word is a part of the id, name, model, message and the like. */
  q: z
    .string()
    .optional()
    .describe(
      'Only nodes that this query finds, such as `status:failed gpu:A100`; see docs/query.md. A word without a field is a part of the id, name, cluster name, provider, region, GPU, model or message.',
    ),
  /** Only nodes that run with nobody having looked at them for a day. */
  unattended: flag(
    'unattended',
    false,
    'Only nodes that run with nobody having looked at them for a day (`LAUNCHTAIL_UNATTENDED_AFTER`).',
  ),
  /** 1 to 1000. Default 100. */
  limit: count('limit', { minimum: 1, maximum: 1000, usual: 100 }),
  /** The `cursor` of the previous page. */
  cursor: z.string().optional().describe('The `cursor` of the previous page.'),
})

export const deliveriesQuery = z.object({
  /** `waiting`, `delivered` or `dead`. Default: all. */
  state: z.enum(DELIVERY_STATES, "invalid 'state' value").optional(),
  /** 1 to 1000. Default 100. */
  limit: count('limit', { minimum: 1, maximum: 1000, usual: 100 }),
  /** The `cursor` of the previous page. */
  cursor: z.string().max(128).optional().describe('The `cursor` of the previous page.'),
})

export const auditQuery = z.object({
  /** Only what happened later than this: RFC 3339, or a duration back from now such as `7d`. */
  since: since
    .meta({
      override: {
        type: 'string',
        description: 'Only what happened later than this: RFC 3339, or a duration back from now.',
      },
    })
    .optional(),
  /** Only what happened up to this time, in the same forms. */
  until: until
    .meta({
      override: {
        type: 'string',
        description: 'Only what happened up to this time: RFC 3339, or a duration back from now.',
      },
    })
    .optional(),
  /** The id of a token. */
  token: z.string().max(128).optional().describe('Only what was done with the token of this id.'),
  /** The id of a node. */
  node: z.string().max(128).optional().describe('Only what was about this node.'),
  /** The name of an operation. */
  operation: z.string().max(128).optional().describe('Only this operation, such as `launchNode`.'),
  /** Only refusals. */
  refused: flag('refused', false, 'Only refusals for want of a token or a right.'),
  /** 1 to 1000. Default 100. */
  limit: count('limit', { minimum: 1, maximum: 1000, usual: 100 }),
  /** The `cursor` of the previous page. */
  cursor: z.string().max(128).optional().describe('The `cursor` of the previous page.'),
})

export const statsQuery = z.object({
  /** Only launches that ended later than this: RFC 3339, or a duration back from now such as `7d`. */
  since: since
    .meta({
      override: {
        type: 'string',
        description:
          'Only launches that ended later than this: RFC 3339, or a duration back from now (`7d`).',
      },
    })
    .optional(),
  /** Only launches that ended up to this time, in the same forms. */
  until: until
    .meta({
      override: {
        type: 'string',
        description:
          'Only launches that ended up to this time: RFC 3339, or a duration back from now.',
      },
    })
    .optional(),
  /** Only launches that this query finds, such as `region:us-west-2 spot:true`; see docs/query.md. */
  q: z
    .string()
    .optional()
    .describe(
      'Only launches that this query finds, such as `region:us-west-2 spot:true`; see docs/query.md. `timestamp` is the time at which a launch ended. A word without a field is a part of the id, name, cluster name, provider, region, GPU or model.',
    ),
  /** What to group by. */
  by: statsKeys.optional(),
  /** How long a bucket of `series` is, such as `1h`. By default as long as fits into 60 of them. */
  bucket: bucket.optional(),
  /** How many of the most recent launches to list: 0 to 200. Default 50. */
  last: count('last', {
    minimum: 0,
    maximum: 200,
    usual: 50,
    description: 'How many of the most recent launches to list.',
  }),
})

export type StreamQuery = z.infer<typeof streamQuery>
export type ExportQuery = z.infer<typeof exportQuery>
type WholeNodesQuery = z.infer<typeof nodesQuery>
export type NodesQuery = Omit<WholeNodesQuery, 'unattended'> &
  Partial<Pick<WholeNodesQuery, 'unattended'>>
