import { z } from 'zod'
import { LEVELS, type Level } from './levels.js'
import { PHASES, type Phase } from './phases.js'
import { parseInstant } from './time.js'

/** One entry of a node's log, with exactly the fields and the order the wire has them in. */
export interface LogEntry {
  /** RFC 3339, as its sender wrote it. */
  timestamp: string
  level: Level
  message: string
  phase: Phase
  /** Percent, 0 to 100; the launch's, not the phase's. */
  progress?: number
  details?: string
}

/** The most bytes one entry may have, as UTF-8 JSON. */
export const MAX_ENTRY_BYTES = 64 * 1024
/** The most entries one request may bring. */
export const MAX_BATCH_ENTRIES = 10_000
/** The most bytes one request that is not `text/plain` may have. */
export const MAX_BATCH_BYTES = 16 * 1024 * 1024
/** How deep the JSON of a request may be nested. */
export const MAX_JSON_DEPTH = 32

const timestamp = z
  .string('must be a text')
  .refine(
    (text) => parseInstant(text) !== undefined,
    'must be an RFC 3339 time, years 1970 to 9999',
  )
  .meta({ format: 'date-time', examples: ['2024-01-15T10:30:00Z'] })
const level = z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`)
const phase = z.enum(PHASES, `must be one of ${PHASES.join(', ')}`)
const message = z.string({
  error: ({ input }) => (input === undefined ? 'is required' : 'must be a text'),
})
const progress = z
  .number('must be a number from 0 to 100')
  .min(0, 'must be a number from 0 to 100')
  .max(100, 'must be a number from 0 to 100')
const details = z.string('must be a text')

/** An entry as the log gives it. */
export const entrySchema = z
  .object({
    timestamp,
    level,
    message,
    phase,
    progress: progress.optional(),
    details: details.optional(),
  })
  .meta({ id: 'LogEntry', description: 'One entry of a node’s log.' })

/** An entry as a sender may give it: what is left out gets its default when it is stored. */
export const draftSchema = z
  .object({
    timestamp: timestamp.optional().describe('Default: now.'),
    level: level.optional().describe('Default: `info`.'),
    message,
    phase: phase.optional().describe('Default: the phase the node is in.'),
    progress: progress.optional(),
    details: details.optional(),
  })
  .meta({ id: 'LogEntryDraft', description: 'An entry to be stored.' })

export type Draft = z.infer<typeof draftSchema>
