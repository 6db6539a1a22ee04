import * as z from 'zod'
import { NODE_STATUSES } from './events.js'
import { PHASES } from './phases.js'
import { answers, requests } from './schemas.js'

/**
 * A node's id: what the made ones (UUIDs) and other programs' ids have in common. It becomes part
 * of a Redis key and of a folder's name, so it holds nothing that has a meaning in either.
 */
export const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** `GET /admin/nodes/stream` is no node's. */
const nodeId = z
  .string()
  .regex(NODE_ID, 'must be 1 to 128 letters, digits, ".", "_" or "-"')
  .refine((id) => id !== 'stream', 'must not be "stream"')
const name = z.string().min(1, 'must not be empty').max(256, 'must have at most 256 characters')
const region = name
/** A word that is put on another program's command line, so it must not look like an option. */
const word = name.regex(/^[^-\s][^\r\n\0]*$/, 'must not begin with "-" or hold a line end')
const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable'),
  z.string().max(64 * 1024, 'must have at most 65536 characters'),
)

const phaseTimingSchema = z.object({
  phase: z.enum(PHASES),
  started_at: z.string(),
  ended_at: z.string().optional(),
  duration_ms: z.number().int().optional(),
})

const failureSchema = z.object({
  code: z.string().describe('The cause, one of those in docs/phases.md; `unknown` for any other.'),
  phase: z.enum(PHASES).describe('The phase the launch was in when it failed.'),
  message: z.string().describe('The line of the log that names the cause, or the last word.'),
  advice: z.string().describe('What can be done about it.'),
  details: z.string().optional(),
})

/** A node's record. Times are the server's, RFC 3339 with milliseconds. */
export const nodeSchema = z
  .object({
    node_id: z.string(),
    cluster_name: z.string().optional(),
    name: z.string().optional(),
    provider: z.string().optional(),
    region: z.string().optional(),
    gpu: z.string().optional(),
    gpu_count: z.number().int().optional(),
    model: z.string().optional(),
    use_spot: z.boolean().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    status: z.enum(NODE_STATUSES),
    phase: z.enum(PHASES),
    progress: z.number(),
    message: z.string(),
    endpoint: z.string().optional(),
    created_at: z.string(),
    updated_at: z.string(),
    ended_at: z.string().optional(),
    failure: failureSchema.optional(),
    eta_seconds: z
      .number()
      .int()
      .optional()
      .describe('How long it may still take, by five or more past launches like it.'),
    stalled: z
      .literal(true)
      .optional()
      .describe('Nothing has come for far longer than is usual in this phase.'),
    phases: z.array(phaseTimingSchema),
  })
  .describe('A node and where its newest launch is.')
  .register(answers, { id: 'Node' })

export const nodesSchema = z
  .object({
    nodes: z.array(nodeSchema),
    count: z.number().int(),
    cursor: z.string().optional().describe('Where the next page begins. Missing on the last page.'),
  })
  .register(answers, { id: 'Nodes' })

/** A node that something else launches, and whose log is sent in. */
export const newNodeSchema = z
  .object({
    node_id: nodeId.optional().describe('Default: a new UUID.'),
    name: name.optional(),
    provider: word.optional(),
    region: region.optional(),
    gpu: word.optional(),
    model: name.optional(),
    labels: z.record(z.string().max(64), z.string().max(256)).optional(),
  })
  .register(requests, { id: 'NewNode' })

export const launchSchema = z
  .object({
    node_id: nodeId.optional().describe('Default: a new UUID.'),
    provider: word.describe('`local`: processes of the server’s own machine.'),
    region: word.default('local').describe('Default: `local`.'),
    gpu: word.default('cpu').describe('Default: `cpu`.'),
    gpu_count: z.number().int().min(1).max(1024).optional(),
    model: name.optional(),
    use_spot: z.boolean().optional(),
    disk_size: z.number().int().min(1).max(65_536).optional().describe('GB'),
    vllm_args: z.string().max(4096).optional(),
    tensor_parallel: z.number().int().min(1).max(1024).optional(),
    task: z
      .string()
      .max(256 * 1024, 'must have at most 262144 characters')
      .optional()
      .describe('A SkyPilot task, as YAML. `local` needs one with a `run`.'),
    envs: environment.optional().describe('Added to the task’s own `envs`.'),
    secrets: environment
      .optional()
      .describe('As `envs`; each value is taken out of everything that is stored.'),
  })
  .register(requests, { id: 'Launch' })

/** What a node was launched with, as far as it may be told. */
export const nodeLaunchSchema = z
  .object({
    request: launchSchema
      .omit({ secrets: true })
      .describe('To be sent again with the `secrets`, and with what is `masked` put right.'),
    secrets: z
      .array(z.string())
      .describe('Names of the secrets. One that a task holds has no value there any more.'),
    masked: z
      .array(z.string())
      .describe('Fields in which `***` stands for something secret: `task`, `envs.NAME` …'),
  })
  .describe('What a node was launched with, less its secrets.')
  .register(answers, { id: 'NodeLaunch' })

export const launchedSchema = z
  .object({ node_id: z.string(), cluster_name: z.string(), status: z.literal('launching') })
  .register(answers, { id: 'Launched' })

export type NodeRecord = z.infer<typeof nodeSchema>
export type NewNode = z.infer<typeof newNodeSchema>
/** What a launch is asked for with, and what that means once the defaults are in. */
export type NewLaunch = z.input<typeof launchSchema>
export type LaunchRequest = z.infer<typeof launchSchema>
export type NodeLaunch = z.infer<typeof nodeLaunchSchema>
export type PhaseTiming = z.infer<typeof phaseTimingSchema>
export type Failure = z.infer<typeof failureSchema>
