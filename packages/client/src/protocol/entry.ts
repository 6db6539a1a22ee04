import * as z from 'zod'
import { LEVELS } from './levels.js'
import { PHASES } from './phases.js'
import { answers, requests } from './schemas.js'
import { parseInstant } from './time.js'

/** The most bytes one entry may have, as UTF-8 JSON. */
export const MAX_ENTRY_BYTES = 64 * 1024
/** The most entries in one request. */
export const MAX_BATCH_ENTRIES = 10_000
/** The most bytes in one request, unless it is `text/plain`. */
export const MAX_BATCH_BYTES = 16 * 1024 * 1024
/** How deeply the JSON of a request may be nested. */
export const MAX_JSON_DEPTH = 32

const timestamp = z
  .string('must be a string')
  .refine(
    (text) => parseInstant(text) !== undefined,
    'must be an RFC 3339 time, years 1970 to 9999',
  )
  .meta({ format: 'date-time', examples: ['2024-01-15T10:30:00Z'] })
const level = z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`)
const phase = z.enum(PHASES, `must be one of ${PHASES.join(', ')}`)
const message = z.string({
  error: ({ input }) => (input === undefined ? 'is required' : 'must be a string'),
})
const progress = z
  .number('must be a number from 0 to 100')
  .min(0, 'must be a number from 0 to 100')
  .max(100, 'must be a number from 0 to 100')
const details = z.string('must be a string')

/** An entry of a log, with its fields in the order in which they are written. */
export const entrySchema = z
  .object({
    /** RFC 3339, as its sender wrote it. */
    timestamp,
    level,
    message,
    phase,
    /** Percent, 0 to 100, of the whole launch rather than of the phase. */
    progress: progress.exactOptional(),
    details: details.exactOptional(),
  })
  .describe('One entry of a node’s log.')
  .register(answers, { id: 'LogEntry' })

export interface LogEntry extends z.infer<typeof entrySchema> {}

/** An entry as a sender may give it. Missing fields get their defaults when it is stored. */
export const draftSchema = z
  .object({
    timestamp: timestamp.optional().describe('Default: now.'),
    level: level.optional().describe('Default: `info`.'),
    message,
    phase: phase.optional().describe('Default: the phase the node is in.'),
    progress: progress.optional(),
    details: details.optional(),
  })
  .describe('An entry to be stored.')
  .register(requests, { id: 'LogEntryDraft' })

export type Draft = z.infer<typeof draftSchema>

/** What one request may hold as JSON. */
export const draftsSchema = z
  .union([draftSchema, z.array(draftSchema)])
  .register(requests, { id: 'LogEntryDrafts' })

export const appendedSchema = z
  .object({
    accepted: z.number().int().describe('How many entries were accepted.'),
    cursor: z.string().describe('The cursor of the last of them.'),
  })
  .register(answers, { id: 'Appended' })

export const nodeLogsSchema = z
  .object({ node_id: z.string(), count: z.number().int(), logs: z.array(entrySchema) })
  .register(answers, { id: 'NodeLogs' })
