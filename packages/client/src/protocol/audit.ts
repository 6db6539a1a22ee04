import * as z from 'zod'
import { answers } from './schemas.js'

/** One line of the audit log: who did what, or was refused what. */
export const auditLineSchema = z
  .object({
    audit_id: z.string(),
    at: z.string().describe('When it happened; of several the first.'),
    last_at: z.string().optional().describe('When the last of several happened.'),
    count: z
      .number()
      .int()
      .describe(
        'How often it happened, within a minute: refusals and logs that are sent in are counted.',
      ),
    token_id: z.string().optional().describe('The token that was used; missing if there was none.'),
    token: z.string().optional().describe('The name of that token.'),
    address: z.string().describe('Where the request came from.'),
    operation: z.string().describe('The operation’s id in the API’s description, or `unknown`.'),
    node_id: z.string().optional().describe('The node that it was about.'),
    subject: z
      .string()
      .optional()
      .describe('The group, webhook, delivery or token that it was about.'),
    status: z.number().int().describe('The status of the answer.'),
    message: z.string().optional().describe('Why it was refused.'),
  })
  .register(answers, { id: 'AuditLine' })

export const auditSchema = z
  .object({
    audit: z.array(auditLineSchema),
    count: z.number().int(),
    cursor: z.string().optional().describe('Where the next page begins. Missing on the last page.'),
  })
  .register(answers, { id: 'Audit' })

export type AuditLine = z.infer<typeof auditLineSchema>
