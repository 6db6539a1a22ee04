import * as z from 'zod'
import { entrySchema } from './entry.js'
import { answers } from './schemas.js'

const hitSchema = entrySchema
  .extend({
    node_id: z.string(),
    cursor: z
      .string()
      .describe(
        'Where it is in its node’s log: the log’s `before` and `after`, and its stream, take it.',
      ),
    /** With `context`: the entries before it in its log, oldest first. */
    before: z.array(entrySchema).exactOptional(),
    after: z.array(entrySchema).exactOptional(),
  })
  .describe('An entry that was found.')
  .register(answers, { id: 'Hit' })

/** An entry that was found, with its node and its place in that node's log. */
export interface Hit extends z.infer<typeof hitSchema> {}

export const foundSchema = z
  .object({
    count: z.number().int(),
    complete: z
      .boolean()
      .describe(
        'False if the search ended before it had looked at everything; go on with `cursor`. Without one, the archive is behind, because the disk is full.',
      ),
    logs: z.array(hitSchema),
    cursor: z
      .string()
      .exactOptional()
      .describe('Where to go on; missing if there is nothing more to look at.'),
    searched_back_to: z
      .string()
      .exactOptional()
      .describe('The time of the last entry that was looked at, if the search is not complete.'),
  })
  .register(answers, { id: 'Found' })

const levelCount = z.number().int()

export const countedSchema = z
  .object({
    count: z.number().int(),
    complete: z
      .boolean()
      .describe('False if the newest entries alone were counted, back to `searched_back_to`.'),
    bucket_seconds: z.number().int(),
    buckets: z
      .array(
        z.object({
          from: z.iso.datetime(),
          debug: levelCount,
          info: levelCount,
          warn: levelCount,
          error: levelCount,
        }),
      )
      .describe('How many entries of each level, by time. Empty buckets are left out.'),
    searched_back_to: z.string().exactOptional(),
  })
  .register(answers, { id: 'Counted' })
