import * as z from 'zod'
import { ENGINES } from './engines.js'
import { LAUNCH_MODES } from './launch-mode.js'
import { NODE_STATUSES } from './node-statuses.js'
import { PHASES } from './phases.js'
import { READINESS_FROM } from './readiness-from.js'
import { answers, requests } from './schemas.js'
import { parseDuration } from './time.js'

/**
 * A node's id: a UUID, or an id of another program. It becomes part of a Redis key and of a
 * folder's name, so it has no character with a meaning in either.
 */
export const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** No node can be named `stream`, because of `GET /admin/nodes/stream`. */
const nodeId = z
  .string()
  .regex(NODE_ID, 'must be 1 to 128 letters, digits, ".", "_" or "-"')
  .refine((id) => id !== 'stream', 'must not be "stream"')
export const name = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must have at most 256 characters')
const region = name
/** A word for another program's command line, where it must not look like an option. */
const word = name.regex(/^[^-\s][^\r\n\0]*$/, 'must not begin with "-" or contain a line end')
const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable'),
  z.string().max(64 * 1024, 'must have at most 65536 characters'),
)

export const labels = z
  .record(z.string().max(64, 'must have a name of at most 64 characters'), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= 64, 'must have at most 64 labels')

export const duration = z
  .string()
  .max(64)
  .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a duration, such as 90s, 10m or 1h30m')

/** The address of a server. */
export const address = z
  .string()
  .max(2048, 'must have at most 2048 characters')
  .refine(
    (text) => /^https?:\/\//i.test(text) && URL.canParse(text),
    'must be an address that begins with http:// or https://',
  )

const phaseTimingSchema = z.object({
  phase: z.enum(PHASES),
  started_at: z.string(),
  ended_at: z.string().optional(),
  duration_ms: z.number().int().optional(),
})

const attemptSchema = z.object({
  number: z.number().int().describe('From 1.'),
  place: z.string().describe('Where it was asked for: `provider/region`.'),
  started_at: z.string(),
  ended_at: z.string().optional(),
  failure: z
    .object({ code: z.string(), message: z.string() })
    .optional()
    .describe('Why it ended, if another one followed or the launch failed.'),
  price_per_hour: z.number().optional().describe('As in the node.'),
  spent: z.number().optional().describe('What this attempt has cost so far.'),
})

const failureSchema = z.object({
  code: z.string().describe('The cause, one of those in docs/phases.md; `unknown` for any other.'),
  phase: z.enum(PHASES).describe('The phase in which the launch failed.'),
  message: z.string().describe('The line of the log that names the cause, or else its last line.'),
  advice: z.string().describe('What to do about it.'),
  details: z.string().optional(),
  evidence: z
    .array(
      z.object({
        index: z.number().int().describe('The line’s place in the node’s list.'),
        message: z.string(),
      }),
    )
    .max(3)
    .optional()
    .describe('The lines that tell so, the one that the message quotes first.'),
  corrected: z
    .literal(true)
    .optional()
    .describe('A person named the line; the server had read another cause out of the log.'),
})

/** The line that made a launch fail, as a person names it. */
export const namedCauseSchema = z
  .strictObject({
    index: z.number().int().min(0).describe('The line’s place in the node’s list, from 0.'),
    code: z
      .string()
      .max(64, 'must have at most 64 characters')
      .optional()
      .describe(
        'The cause, one of those in docs/phases.md. Default: what the line says by the server’s tables, or else `unknown`.',
      ),
  })
  .register(requests, { id: 'NamedCause' })

/** A node's record. Times are the server's, RFC 3339 with milliseconds. */
export const nodeSchema = z
  .object({
    node_id: z.string(),
    cluster_name: z.string().describe('Empty for a node that another program launches.'),
    name: z.string().optional(),
    provider: z.string().describe('Empty where it is not known; `region`, `gpu`, `model` too.'),
    region: z.string(),
    gpu: z.string(),
    gpu_count: z.number().int().describe('0 where it is not known or there is none.'),
    num_nodes: z
      .number()
      .int()
      .optional()
      .describe('How many machines its cluster has, if there are several.'),
    model: z.string(),
    use_spot: z.boolean(),
    owner: z.string().optional().describe('Who the launch is for, as its request says.'),
    labels: z.record(z.string(), z.string()).optional(),
    status: z.enum(NODE_STATUSES),
    phase: z.enum(PHASES),
    progress: z.number(),
    message: z.string(),
    endpoint: z.string().optional(),
    reachable: z
      .boolean()
      .optional()
      .describe(
        '`false`: the endpoint is reached from the cluster only, and not from this server.',
      ),
    created_at: z.string(),
    updated_at: z.string(),
    ended_at: z.string().optional(),
    ends_at: z
      .string()
      .optional()
      .describe('When the node is taken down because of its `max_lifetime`.'),
    kept_until: z
      .string()
      .optional()
      .describe('The cluster of the failed launch is up until then; see `keep_on_failure`.'),
    failure: failureSchema.optional(),
    attempts: z
      .array(attemptSchema)
      .optional()
      .describe('The attempts of a launch that was started more than once.'),
    price_per_hour: z
      .number()
      .optional()
      .describe(
        'US dollars for an hour of all its machines, as SkyPilot has it. Missing if no price is known.',
      ),
    spent: z
      .number()
      .optional()
      .describe(
        'US dollars that the launch has cost so far, through all attempts whose price is known. Missing if none is.',
      ),
    budget: z
      .number()
      .optional()
      .describe('US dollars that the launch may cost, as its request says.'),
    over_budget: z
      .object({ day: z.string().optional(), budget: z.number(), spent: z.number() })
      .optional()
      .describe(
        'More was spent than the launch’s own `budget` or, where there is a `day`, on that day in UTC than the budget for all launches; by then so much. The latest of the two that was exceeded while the node was running.',
      ),
    eta_seconds: z
      .number()
      .int()
      .optional()
      .describe(
        'How long the launch may still take, judging by five or more past launches like it.',
      ),
    smoke: z
      .object({
        first_token_ms: z
          .number()
          .int()
          .describe('Until the first token or, without a stream, until the answer.'),
        tokens_per_second: z.number().optional(),
        tokens: z.number().int().optional().describe('How many the answer has.'),
        answer: z.string().describe('How the answer begins.'),
      })
      .optional()
      .describe('What the smoke test found that the launch asked for.'),
    health: z
      .object({
        ok: z.boolean(),
        since: z.string().describe('Since when that is so.'),
        latency_ms: z
          .number()
          .int()
          .optional()
          .describe('How fast the latest health check was answered.'),
      })
      .optional()
      .describe('Of an active node whose server is asked every 30 s whether it is healthy.'),
    group: z.string().optional().describe('The group that it was launched with.'),
    relaunch_of: z
      .string()
      .optional()
      .describe('The node whose launch was launched again as this one.'),
    relaunched_as: z
      .string()
      .optional()
      .describe('The newest node that launched this one’s launch again.'),
    unattended: z
      .literal(true)
      .optional()
      .describe('It runs, and nobody has opened its record, log or stream for a day.'),
    stalled: z
      .literal(true)
      .optional()
      .describe('There has been no new entry for far longer than is usual in this phase.'),
    phases: z.array(phaseTimingSchema),
  })
  .describe('A node and the state of its newest launch.')
  .register(answers, { id: 'Node' })

export const nodesSchema = z
  .object({
    nodes: z.array(nodeSchema),
    count: z.number().int(),
    cursor: z.string().optional().describe('Where the next page begins. Missing on the last page.'),
  })
  .register(answers, { id: 'Nodes' })

/** A node that another program launches, and whose log is sent in. */
export const newNodeSchema = z
  .strictObject({
    node_id: nodeId.optional().describe('Default: a new UUID.'),
    name: name.optional(),
    provider: word.optional(),
    region: region.optional(),
    gpu: word.optional(),
    model: name.optional(),
    use_spot: z.boolean().optional().describe('It is a spot instance. Default: false.'),
    labels: labels.optional(),
    lost_after: duration
      .optional()
      .describe('A launch for which nothing is sent for so long fails as `lost`. Default: never.'),
    ready_url: address
      .optional()
      .describe('The server asks this until it answers 2xx; then the node is active.'),
  })
  .register(requests, { id: 'NewNode' })

const path = z.string().regex(/^\/[\x21-\x7e]{0,1023}$/, 'must begin with "/" and contain no blank')

const readinessSchema = z
  .strictObject({
    from: z
      .enum(READINESS_FROM, `must be one of ${READINESS_FROM.join(', ')}`)
      .optional()
      .describe(
        '`endpoint`: its server is ready at the endpoint that SkyPilot names. `node`: it is ready on its own machine, as a probe beside it reports. `job`: its job runs, and nothing is asked. Default: `auto`, which is `endpoint` where the place gives one and `node` elsewhere, and `job` for a managed job that serves nothing.',
      ),
    path: path
      .optional()
      .describe(
        'Default: the task’s `service.readiness_probe`, or else the first of `/health`, `/v1/models`, `/v2/health/ready` and `/` that the server has.',
      ),
    port: z
      .number()
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe('Default: `PORT`, or else one that is free on the node.'),
    timeout: duration.optional().describe('How long the launch may take until it is ready.'),
  })
  .describe('The node is ready as soon as its server answers this with 2xx.')

const placeSchema = z
  .strictObject({
    infra: z
      .string()
      .regex(
        /^[A-Za-z][\w.-]{0,63}(?:\/[\w.@:-]{1,128}){0,3}$/,
        'must be a cloud, and perhaps its region and zone, such as aws/us-east-1',
      ),
    region: word.optional(),
    gpu: word.optional(),
    gpu_count: z.number().int().min(1).max(1024).optional(),
    spot: z.boolean().optional(),
    wait: duration
      .optional()
      .describe('How long to wait there for a machine, as in a queue, before the next attempt.'),
  })
  .describe('What is missing is as in the launch itself.')

const smokeSchema = z
  .strictObject({
    prompt: z
      .string()
      .min(1, 'must not be empty')
      .max(4096, 'must have at most 4096 characters')
      .optional()
      .describe('A chat completion of the launch’s `model`, or else of the server’s first one.'),
    path: path.optional().describe('This path must answer 2xx.'),
    expect: z
      .string()
      .min(1, 'must not be empty')
      .max(1024, 'must have at most 1024 characters')
      .optional()
      .describe('The answer must contain this text.'),
  })
  .refine(({ prompt, path }) => (prompt === undefined) !== (path === undefined), {
    error: 'must have a "prompt" or a "path", and not both',
  })
  .describe('Once the server is ready, it is asked this. The node is active if it answers.')

export const launchSchema = z
  .strictObject({
    node_id: nodeId.optional().describe('Default: a new UUID.'),
    provider: word.describe('`local` runs processes on the server’s own machine.'),
    region: word.default('local').describe('Default: `local`.'),
    gpu: word.default('cpu').describe('Default: `cpu`.'),
    gpu_count: z.number().int().min(1).max(1024).optional(),
    num_nodes: z
      .number()
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe(
        'How many machines its cluster has. The task runs on each of them, and `gpu_count` is for each. Default: what the task says, or else 1.',
      ),
    model: name.optional(),
    use_spot: z.boolean().optional(),
    disk_size: z.number().int().min(1).max(65_536).optional().describe('In GB.'),
    vllm_args: z.string().max(4096).optional(),
    tensor_parallel: z.number().int().min(1).max(1024).optional(),
    engine: z
      .enum(ENGINES, `must be one of ${ENGINES.join(', ')}`)
      .optional()
      .describe(
        'What serves the model, if there is no task; see docs/launching.md. `command` runs the words of `engine_args`. Default: `vllm`.',
      ),
    engine_version: z
      .string()
      .regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, 'must be a version, such as 0.13.0')
      .optional()
      .describe('Default: the version that this server has been tried with.'),
    engine_args: z
      .union([z.string().max(4096), z.array(z.string().max(4096)).max(256)], {
        error: 'must be a text of at most 4096 characters, or a list of at most 256 words',
      })
      .optional()
      .describe(
        'More arguments for the engine: words, or a text that is split into words as a shell does, without expanding anything.',
      ),
    task: z
      .string()
      .max(256 * 1024, 'must have at most 262144 characters')
      .optional()
      .describe('A SkyPilot task, as YAML. `local` needs one with a `run`, or an `engine`.'),
    mode: z
      .enum(LAUNCH_MODES, `must be one of ${LAUNCH_MODES.join(', ')}`)
      .optional()
      .describe(
        '`cluster`: a cluster of its own. `job`: a managed job of SkyPilot, which is started again elsewhere when its machine is lost. `serve`: a replica of a service of SkyServe; only for a group. Default: `cluster`.',
      ),
    readiness: readinessSchema.optional(),
    places: z
      .array(placeSchema)
      .min(1)
      .max(20)
      .optional()
      .describe('Where to launch, in order of preference, in place of `provider` and `region`.'),
    attempts: z
      .number()
      .int()
      .min(1)
      .max(50)
      .optional()
      .describe(
        'How often to try, each time at the next of the `places`, where a failure is worth another try. Default: once at each place.',
      ),
    retry_until_up: z
      .boolean()
      .optional()
      .describe(
        'Try again, at one of the `places` after the other, for as long as the `launch_timeout` allows, which is then required. In place of `attempts`.',
      ),
    launch_timeout: duration
      .optional()
      .describe(
        'How long all attempts together may take until the node is ready. Each has the shorter of what is left of this and `readiness.timeout`.',
      ),
    max_lifetime: duration
      .optional()
      .describe('The node is taken down when it has been active for so long.'),
    idle_timeout: duration
      .optional()
      .describe(
        'The node is taken down when no request was running for so long, by its engine’s own metrics. Without such metrics it never is.',
      ),
    keep_on_failure: duration
      .optional()
      .describe('If the launch fails, its cluster stays up for so long, to be looked into.'),
    budget: z
      .number()
      .positive('must be more than 0')
      .max(1_000_000_000)
      .optional()
      .describe(
        'US dollars that the launch may cost. It is refused if its price for its `max_lifetime` is more, and told once more was spent; nothing is ended.',
      ),
    smoke: smokeSchema.optional(),
    expose: z
      .boolean()
      .optional()
      .describe('`false`: no port is opened. Default: one is where the place can open it.'),
    owner: name.optional().describe('Who it is for: a person, a team.'),
    labels: labels.optional(),
    envs: environment.optional().describe('Added to the task’s own `envs`.'),
    secrets: environment
      .optional()
      .describe('Like `envs`, except that each value is removed from everything that is stored.'),
  })
  .register(requests, { id: 'Launch' })

/** How much longer the cluster of a failed launch is kept. */
export const keepSchema = z
  .strictObject({ for: duration.describe('From now on.') })
  .register(requests, { id: 'Keep' })

/** What a node was launched with, without its secrets. */
export const nodeLaunchSchema = z
  .object({
    request: launchSchema
      .omit({ secrets: true })
      .describe(
        'Can be sent again once the `secrets` are added and the `masked` fields are corrected.',
      ),
    secrets: z
      .array(z.string())
      .describe('The names of the secrets. Those in the task have lost their values there.'),
    masked: z
      .array(z.string())
      .describe('The fields in which `***` replaces a secret: `task`, `envs.NAME` …'),
  })
  .describe('What a node was launched with, without its secrets.')
  .register(answers, { id: 'NodeLaunch' })

export const launchedSchema = z
  .object({ node_id: z.string(), cluster_name: z.string(), status: z.literal('launching') })
  .register(answers, { id: 'Launched' })

export type NodeRecord = z.infer<typeof nodeSchema>
export type NamedCause = z.infer<typeof namedCauseSchema>
export type Keep = z.infer<typeof keepSchema>
export type NewNode = z.infer<typeof newNodeSchema>
/** A launch as it is requested, and with its defaults. */
export type NewLaunch = z.input<typeof launchSchema>
export type LaunchRequest = z.infer<typeof launchSchema>
export type NodeLaunch = z.infer<typeof nodeLaunchSchema>
export type Attempt = z.infer<typeof attemptSchema>
export type PhaseTiming = z.infer<typeof phaseTimingSchema>
export type Failure = z.infer<typeof failureSchema>
