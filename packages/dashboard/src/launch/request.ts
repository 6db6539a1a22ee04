import type { NewLaunch, NodeLaunch } from '@launchtail/client'

/** What is typed into the form; empty for what is left to the server. */
export interface Draft {
  readonly kind: 'model' | 'task'
  readonly node_id: string
  readonly provider: string
  readonly region: string
  readonly gpu: string
  readonly gpu_count: string
  readonly model: string
  readonly use_spot: boolean
  readonly disk_size: string
  readonly tensor_parallel: string
  readonly vllm_args: string
  readonly task: string
  /** `NAME=value`, one a line. */
  readonly envs: string
  readonly secrets: string
}

export const EMPTY: Draft = {
  kind: 'model',
  node_id: '',
  provider: '',
  region: '',
  gpu: '',
  gpu_count: '',
  model: '',
  use_spot: false,
  disk_size: '',
  tensor_parallel: '',
  vllm_args: '',
  task: '',
  envs: '',
  secrets: '',
}

/** What the fields are called; those without a name are none of the form's own. */
export const LABELS = {
  provider: 'Provider',
  region: 'Region',
  gpu: 'GPU',
  gpu_count: 'How many GPUs',
  disk_size: 'Disk, GB',
  tensor_parallel: 'Tensor parallel',
  model: 'Model',
  vllm_args: 'vLLM arguments',
  node_id: 'Node id',
  use_spot: 'Spot instance',
  task: 'Task, as YAML',
  envs: 'Environment',
  secrets: 'Secrets',
} as const satisfies Partial<Record<keyof Draft, string>>

/** A draft like a request that was made before. Of its secrets there are only the names. */
export function draftOf(request: NodeLaunch['request'], secrets: readonly string[] = []): Draft {
  const { provider, region, gpu, use_spot = false, task, envs = {} } = request
  const isLocal = provider === 'local'
  const text = (value: string | number | undefined) => String(value ?? '')
  return {
    kind: task === undefined ? 'model' : 'task',
    node_id: text(request.node_id),
    provider,
    // What the server puts in where nothing is given.
    region: isLocal && region === 'local' ? '' : region,
    gpu: isLocal && gpu === 'cpu' ? '' : gpu,
    gpu_count: text(request.gpu_count),
    model: text(request.model),
    use_spot,
    disk_size: text(request.disk_size),
    tensor_parallel: text(request.tensor_parallel),
    vllm_args: text(request.vllm_args),
    task: text(task),
    envs: Object.entries(envs).map(lineOf).join('\n'),
    secrets: secrets.map((name) => `${name}=`).join('\n'),
  }
}

/** What a draft says, for a reader: the names of the fields that say something, and what they say. */
export function factsOf(draft: Draft): { label: string; text: string }[] {
  return Object.entries(LABELS).flatMap(([name, label]) => {
    const value = draft[name as keyof typeof LABELS]
    return value ? [{ label, text: value === true ? 'yes' : value }] : []
  })
}

/** What is still to be typed before a draft can be launched; empty for nothing. */
export function missingIn(draft: Draft, masked: readonly string[]): string {
  const empty = Object.entries(variablesOf(draft.secrets)).filter(([, value]) => value === '')
  if (empty.length > 0) {
    const names = empty.map(([name]) => name).join(', ')
    return `Type a value for ${names} behind the "=", or take the line out.`
  }
  const fields = new Set(masked.map((field) => field.split('.')[0] as keyof typeof LABELS))
  for (const field of fields) {
    const before = String(draft[field]).split('***')
    if (before.length === 1) continue
    const line = field === 'task' ? ` (line ${before[0]?.split('\n').length})` : ''
    return `Put in what *** stands for: ${LABELS[field]}${line}.`
  }
  return ''
}

/** The request that a draft is; what was left empty is left out. */
export function requestOf(draft: Draft): NewLaunch {
  const { kind, provider, use_spot, task, model, vllm_args, tensor_parallel } = draft
  const ofModel = { vllm_args: vllm_args.trim(), ...number({ tensor_parallel }) }
  const fields = {
    node_id: draft.node_id.trim(),
    provider: provider.trim(),
    region: draft.region.trim(),
    gpu: draft.gpu.trim(),
    ...number({ gpu_count: draft.gpu_count, disk_size: draft.disk_size }),
    ...(use_spot && { use_spot }),
    model: model.trim(),
    ...(kind === 'task' ? { task } : ofModel),
    ...variables({ envs: draft.envs, secrets: draft.secrets }),
  }
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== ''),
  ) as unknown as NewLaunch
}

function number(fields: Record<string, string>): Record<string, number> {
  const given = Object.entries(fields).filter(([, text]) => text.trim() !== '')
  return Object.fromEntries(given.map(([name, text]) => [name, Number(text)]))
}

function variables(fields: Record<string, string>): Record<string, Record<string, string>> {
  const given = Object.entries(fields).filter(([, text]) => text.trim() !== '')
  return Object.fromEntries(given.map(([name, text]) => [name, variablesOf(text)]))
}

/** A value that would not stand in a line is written as JSON writes a text. */
function lineOf([name, value]: [string, string]): string {
  return `${name}=${/^"|[\r\n]/.test(value) ? JSON.stringify(value) : value}`
}

function variablesOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=')
      return [name.trim(), unquoted(value.join('='))]
    }),
  )
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    // It only begins with a quotation mark.
    return value
  }
}

/** Around the name of a variable in what is quoted; no text has it. */
const MARK = '\u{f0000}'
const MARKED = new RegExp(`${MARK}(\\w+)${MARK}`, 'gu')

/**
 * The request for a shell. The token and the secrets stand in its variables, so that they are neither
 * on the screen nor in its history.
 */
export function curlOf({ secrets, ...request }: NewLaunch, baseUrl: string): string {
  const names = Object.keys(secrets ?? {})
  const marked = Object.fromEntries(names.map((name) => [name, `${MARK}${name}${MARK}`]))
  const body = quoted(
    JSON.stringify({ ...request, ...(names.length > 0 && { secrets: marked }) }, null, 2),
  )
  return [
    `curl ${quoted(`${baseUrl}/admin/nodes/launch`)} \\`,
    '  -H "X-Admin-Token: $TOKEN" -H "Content-Type: application/json" \\',
    `  -d ${body.replaceAll(MARKED, `'"$$$1"'`)}`,
  ].join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A key under which a request is one, sent twice. Not a UUID: a browser makes those only where the page came over HTTPS. */
export function makeKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}

/** The lines of a task, from 1, that a refusal is about; the server names some, and keys of others. */
export function linesOfFault(message: string, task: string): number[] {
  const named = [...message.matchAll(/\(line (\d+)\)/g)].map(([, line]) => Number(line))
  const keys = [...message.matchAll(/"([\w.]+)"/g)].map(([, key]) => key as string)
  const lines = task.split('\n')
  const found = keys.flatMap((key) => {
    const last = key.split('.').at(-1) as string
    const at = lines.findIndex((line) => line.trimStart().startsWith(`${last}:`))
    return at < 0 ? [] : [at + 1]
  })
  return [...new Set([...named, ...found])].sort((a, b) => a - b)
}
