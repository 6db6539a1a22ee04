import * as z from 'zod'
import { launchSchema, type NewLaunch, NODE_ID, nodeSchema } from './node.js'
import { changesTo, type LaunchChanges } from './relaunch.js'
import { answers, requests } from './schemas.js'

/** The most nodes that a group has at a time. */
export const MOST_REPLICAS = 100

/** A group's id. Its nodes are named by it and a number: `trio-1`. */
const groupId = z
  .string()
  .regex(NODE_ID, 'must be letters, digits, ".", "_" or "-"')
  .max(100, 'must have at most 100 characters')

const replicas = z.number().int().min(1).max(MOST_REPLICAS)

export const newGroupSchema = z
  .strictObject({
    group_id: groupId.optional().describe('Default: eight hexadecimal digits.'),
    replicas: replicas.describe('How many nodes are launched.'),
    ...launchSchema.omit({ node_id: true }).shape,
  })
  .register(requests, { id: 'NewGroup' })

/** A launch that is only planned, of one node or of a group. */
export const plannedLaunchSchema = launchSchema
  .extend({
    replicas: replicas.optional().describe('How many nodes of it would be launched. Default: 1.'),
  })
  .register(requests, { id: 'PlannedLaunch' })

/** What a group's node is to it. */
export const GROUP_ROLES = ['member', 'joining', 'leaving', 'left', 'rejected'] as const

/** What a group comes to, by its members. */
export const GROUP_STATUSES = ['launching', 'active', 'degraded', 'failed', 'terminated'] as const

const failureSchema = z.object({
  node_id: z.string().optional().describe('The new node that did not become active.'),
  code: z.string().optional(),
  message: z.string(),
})

const updateSchema = z
  .object({
    state: z.enum(['running', 'done', 'stopped']),
    generation: z.number().int().describe('That of the new nodes.'),
    wanted: z.number().int().describe('How many nodes are to be replaced.'),
    replaced: z.number().int(),
    to_add: z
      .number()
      .int()
      .optional()
      .describe('How many nodes the group is to have more, if `replicas` was given.'),
    added: z.number().int().optional(),
    removed: z.number().int().optional().describe('How many it has less because of that.'),
    max_surge: z.number().int(),
    started_at: z.string(),
    ended_at: z.string().optional(),
    failure: failureSchema
      .optional()
      .describe('Why it stopped. Nodes that it did not replace stay.'),
  })
  .describe('The newest replacement of a group’s nodes, or change of their number.')

const serviceSchema = z
  .object({
    name: z.string().describe('Its name at SkyPilot, as for `sky serve status`.'),
    status: z
      .string()
      .optional()
      .describe(
        'What SkyServe says: `CONTROLLER_INIT`, `REPLICA_INIT`, `CONTROLLER_FAILED`, `READY`, `SHUTTING_DOWN`, `FAILED`, `FAILED_CLEANUP` or `NO_REPLICA`. Missing as long as SkyServe does not know it.',
      ),
    endpoint: z.string().optional().describe('Where its load balancer answers.'),
  })
  .describe('The service of SkyServe whose replicas are the group’s nodes, with `mode: "serve"`.')

export const groupSchema = z
  .object({
    group_id: z.string(),
    replicas: z.number().int(),
    status: z
      .enum(GROUP_STATUSES)
      .describe('`degraded`: some of its members are active, and none is launching.'),
    active: z.number().int().describe('How many of its members are active.'),
    launching: z.number().int(),
    failed: z.number().int(),
    terminated: z.number().int(),
    created_at: z.string(),
    ended_at: z.string().optional().describe('When all of it had been terminated.'),
    update: updateSchema.optional(),
    service: serviceSchema.optional(),
  })
  .describe('Several nodes that were launched by one request.')
  .register(answers, { id: 'Group' })

export const wholeGroupSchema = groupSchema
  .extend({
    price_per_hour: z
      .number()
      .optional()
      .describe(
        'US dollars for an hour of all its nodes that run, as far as prices are known. Missing if none is.',
      ),
    spent: z
      .number()
      .optional()
      .describe('The same for what all its nodes have cost so far, with those that were replaced.'),
    nodes: z.array(
      z.object({
        role: z
          .enum(GROUP_ROLES)
          .describe(
            '`member`: it counts. Of an update: `joining` is not active yet, `leaving` was replaced and is being terminated, `left` is gone, `rejected` has failed and replaced nothing.',
          ),
        generation: z.number().int().describe('1, and one more with each update.'),
        replaces: z.string().optional().describe('The node that it has replaced, or is to.'),
        node: nodeSchema,
      }),
    ),
  })
  .register(answers, { id: 'GroupWithNodes' })

export const groupsSchema = z
  .object({
    groups: z.array(groupSchema),
    count: z.number().int(),
    cursor: z.string().optional().describe('Where the next page begins. Missing on the last page.'),
  })
  .register(answers, { id: 'Groups' })

export const launchedGroupSchema = z
  .object({
    group_id: z.string(),
    replicas: z.number().int(),
    status: z.literal('launching'),
    nodes: z.array(z.object({ node_id: z.string(), cluster_name: z.string() })),
  })
  .register(answers, { id: 'LaunchedGroup' })

/** What the new nodes are to have other than those before, and how they take their places. */
export type GroupUpdate = Omit<LaunchChanges, 'node_id'> & {
  only?: readonly string[] | undefined
  max_surge?: number | undefined
  replicas?: number | undefined
}

export const groupUpdateSchema = z
  .strictObject({
    ...changesTo(launchSchema.omit({ node_id: true })),
    only: z
      .array(z.string().regex(NODE_ID))
      .min(1)
      .max(MOST_REPLICAS)
      .optional()
      .describe('Only these of its nodes are replaced. Default: all of them.'),
    max_surge: replicas
      .optional()
      .describe('How many new nodes are launched at a time. Default: 1.'),
    replicas: replicas
      .optional()
      .describe(
        'How many nodes the group is to have. With nothing that is to be different and without `only`, none is replaced.',
      ),
  })
  .describe(
    'What is to be different, as a JSON Merge Patch (RFC 7396); `{}` launches the same anew.',
  )
  .register(requests, { id: 'GroupUpdate' }) as z.ZodType as z.ZodType<GroupUpdate, GroupUpdate>

export type NewGroup = Omit<NewLaunch, 'node_id'> & { group_id?: string; replicas: number }
export type NewPlan = NewLaunch & { replicas?: number }
export type PlanRequest = z.infer<typeof plannedLaunchSchema>
export type GroupRequest = z.infer<typeof newGroupSchema>
export type GroupRole = (typeof GROUP_ROLES)[number]
export type Group = z.infer<typeof groupSchema>
export type WholeGroup = z.infer<typeof wholeGroupSchema>
export type LaunchedGroup = z.infer<typeof launchedGroupSchema>
