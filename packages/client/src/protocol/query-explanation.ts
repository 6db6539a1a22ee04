import * as z from 'zod'
import { answers } from './schemas.js'

/** A query as the server understands it, and everything that a query can have: for editors. */
export const queryExplanationSchema = z
  .object({
    query: z.string().describe('The query in its shortest form. Empty if none was given.'),
    hints: z
      .array(z.string())
      .describe('Sentences about parts that may have been meant otherwise.'),
    fields: z.array(
      z.object({
        name: z.string(),
        of: z.enum(['entry', 'launch']),
        kind: z.enum(['text', 'level', 'phase', 'number', 'time', 'choice']),
        values: z.array(z.string()).optional().describe('Its values, where they are few.'),
        description: z.string(),
        example: z.string(),
      }),
    ),
    operators: z.array(z.object({ written: z.string(), means: z.string() })),
  })
  .register(answers, { id: 'QueryExplanation' })

export type QueryExplanation = z.infer<typeof queryExplanationSchema>
