import type { NodeLaunch } from '@launchtail/client'
import { formatPlace } from '@launchtail/client/protocol'
import { textOfVariables } from './variables.js'

/** What is typed into the form; empty for what is left to the server. */
export interface Draft {
  readonly kind: 'model' | 'task'
  readonly node_id: string
  /** How many of the same are launched; more than one are a group. */
  readonly replicas: string
  readonly provider: string
  readonly region: string
  readonly gpu: string
  readonly gpu_count: string
  readonly num_nodes: string
  readonly model: string
  readonly use_spot: boolean
  /** True where no port is to be opened. */
  readonly closed: boolean
  readonly disk_size: string
  readonly tensor_parallel: string
  readonly vllm_args: string
  readonly engine: string
  readonly engine_version: string
  readonly engine_args: string
  readonly task: string
  /** `cluster`, or `job` for a managed job. */
  readonly mode: string
  /** Where it has to be ready, as `readiness.from` names it. */
  readonly readiness_from: string
  readonly readiness_path: string
  readonly readiness_port: string
  readonly readiness_timeout: string
  /** As the command has them, with blanks between. */
  readonly places: string
  readonly attempts: string
  readonly retry_until_up: boolean
  readonly launch_timeout: string
  readonly owner: string
  /** `name=value`, with blanks between. */
  readonly labels: string
  readonly max_lifetime: string
  readonly idle_timeout: string
  readonly keep_on_failure: string
  readonly budget: string
  readonly smoke_prompt: string
  readonly smoke_path: string
  readonly smoke_expect: string
  /** `NAME=value`, one a line. */
  readonly envs: string
  readonly secrets: string
}

export const EMPTY: Draft = {
  kind: 'model',
  node_id: '',
  replicas: '',
  provider: '',
  region: '',
  gpu: '',
  gpu_count: '',
  num_nodes: '',
  model: '',
  use_spot: false,
  closed: false,
  disk_size: '',
  tensor_parallel: '',
  vllm_args: '',
  engine: '',
  engine_version: '',
  engine_args: '',
  task: '',
  mode: '',
  readiness_from: '',
  readiness_path: '',
  readiness_port: '',
  readiness_timeout: '',
  places: '',
  attempts: '',
  retry_until_up: false,
  launch_timeout: '',
  owner: '',
  labels: '',
  max_lifetime: '',
  idle_timeout: '',
  keep_on_failure: '',
  budget: '',
  smoke_prompt: '',
  smoke_path: '',
  smoke_expect: '',
  envs: '',
  secrets: '',
}

/** The names of the fields in the form. */
export const LABELS = {
  provider: 'Provider',
  region: 'Region',
  gpu: 'GPU',
  gpu_count: 'Number of GPUs',
  num_nodes: 'Number of machines',
  disk_size: 'Disk size (GB)',
  tensor_parallel: 'Tensor parallel size',
  model: 'Model',
  engine: 'Engine',
  engine_version: 'Version of the engine',
  engine_args: 'Arguments of the engine',
  vllm_args: 'vLLM arguments',
  node_id: 'Node id',
  replicas: 'Replicas',
  use_spot: 'Spot instance',
  closed: 'Open no port',
  task: 'Task, as YAML',
  mode: 'Launch as',
  readiness_from: 'Ready at',
  readiness_path: 'Ready when this path answers',
  readiness_port: 'Ready on this port',
  readiness_timeout: 'Ready within, each attempt',
  places: 'Places, in order of preference',
  attempts: 'Attempts',
  retry_until_up: 'Try until it is up',
  launch_timeout: 'All attempts within',
  owner: 'Owner',
  labels: 'Labels',
  max_lifetime: 'Take down when active for',
  idle_timeout: 'Take down when idle for',
  keep_on_failure: 'Keep for, if it fails',
  budget: 'Budget (US dollars)',
  smoke_prompt: 'First question to its model',
  smoke_path: 'First path that must answer',
  smoke_expect: 'That answer contains',
  envs: 'Environment variables',
  secrets: 'Secrets',
} as const satisfies Partial<Record<keyof Draft, string>>

/** The field of the form for one by the server's name: `envs` for `envs.NAME`. */
export function inForm(field: string): keyof typeof LABELS {
  const own = field.replace('.', '_')
  return (own in LABELS ? own : field.split('.')[0]) as keyof typeof LABELS
}

/** The draft of a request that was made before. Of its secrets only the names are known. */
export function draftOf(request: NodeLaunch['request'], secrets: readonly string[] = []): Draft {
  const {
    provider,
    region,
    gpu,
    use_spot = false,
    task,
    envs = {},
    readiness = {},
    smoke = {},
  } = request
  const isLocal = provider === 'local'
  const text = (value: string | number | undefined) => String(value ?? '')
  return {
    kind: task === undefined ? 'model' : 'task',
    node_id: text(request.node_id),
    replicas: '',
    provider,
    // The server fills these in where nothing is given.
    region: isLocal && region === 'local' ? '' : region,
    gpu: isLocal && gpu === 'cpu' ? '' : gpu,
    gpu_count: text(request.gpu_count),
    num_nodes: text(request.num_nodes),
    model: text(request.model),
    use_spot,
    closed: request.expose === false,
    disk_size: text(request.disk_size),
    tensor_parallel: text(request.tensor_parallel),
    vllm_args: text(request.vllm_args),
    engine: text(request.engine),
    engine_version: text(request.engine_version),
    engine_args: wordsAsText(request.engine_args),
    task: text(task),
    mode: text(request.mode),
    readiness_from: text(readiness.from),
    readiness_path: text(readiness.path),
    readiness_port: text(readiness.port),
    readiness_timeout: text(readiness.timeout),
    places: (request.places ?? []).map(formatPlace).join(' '),
    attempts: text(request.attempts),
    retry_until_up: request.retry_until_up === true,
    launch_timeout: text(request.launch_timeout),
    owner: text(request.owner),
    labels: Object.entries(request.labels ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    max_lifetime: text(request.max_lifetime),
    idle_timeout: text(request.idle_timeout),
    keep_on_failure: text(request.keep_on_failure),
    budget: text(request.budget),
    smoke_prompt: text(smoke.prompt),
    smoke_path: text(smoke.path),
    smoke_expect: text(smoke.expect),
    envs: textOfVariables(envs),
    secrets: secrets.map((name) => `${name}=`).join('\n'),
  }
}

/** Words as a text that is split into the same words. */
function wordsAsText(words: NodeLaunch['request']['engine_args'] = ''): string {
  if (typeof words === 'string') return words
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`))
    .join(' ')
}

/** The fields that are filled in, and their values, for a reader. */
export function factsOf(draft: Draft): { label: string; text: string }[] {
  return Object.entries(LABELS).flatMap(([name, label]) => {
    const value = draft[name as keyof typeof LABELS]
    return value ? [{ label, text: value === true ? 'yes' : value }] : []
  })
}
