import * as z from 'zod'
import { address, duration } from './node.js'
import { requests } from './schemas.js'

const message = z
  .string()
  .min(1, 'must not be empty')
  .max(4096, 'must have at most 4096 characters')

/** How a launch that another program makes has ended, or that its node is active. */
export const nodeStatusSchema = z
  .strictObject({
    status: z.enum(['active', 'failed', 'terminated']),
    message: message.optional().describe('What the log says about it, in one line.'),
    endpoint: address.optional().describe('Where an active node serves.'),
    code: z
      .string()
      .regex(/^[a-z_]{1,64}$/, 'must be one of the codes in docs/phases.md')
      .optional()
      .describe('Why it failed. Default: the cause that the log shows.'),
  })
  .refine(({ status, endpoint }) => endpoint === undefined || status === 'active', {
    path: ['endpoint'],
    message: 'belongs to an active node alone',
  })
  .refine(({ status, code }) => code === undefined || status === 'failed', {
    path: ['code'],
    message: 'belongs to a failed node alone',
  })
  .refine(({ status, message }) => message === undefined || status !== 'terminated', {
    path: ['message'],
    message: 'belongs to an active or a failed node alone',
  })
  .register(requests, { id: 'NodeStatus' })

export const beatSchema = z
  .strictObject({
    lost_after: duration
      .optional()
      .describe('The launch fails as `lost` when nothing more is sent for so long.'),
  })
  .register(requests, { id: 'Beat' })

export type NodeStatusChange = z.input<typeof nodeStatusSchema>
export type Beat = z.input<typeof beatSchema>
