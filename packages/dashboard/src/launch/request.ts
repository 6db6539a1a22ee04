import type { NewLaunch, NodeRecord } from '@launchtail/client'

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

/** A draft like a node that there is, under its own id. */
export function draftOf(node: NodeRecord): Draft {
  const { node_id, provider = '', region = '', gpu = '', gpu_count, model = '', use_spot } = node
  return {
    ...EMPTY,
    kind: model === '' || provider === 'local' ? 'task' : 'model',
    node_id,
    provider,
    region: region === 'local' ? '' : region,
    gpu: gpu === 'cpu' ? '' : gpu,
    gpu_count: gpu_count === undefined ? '' : String(gpu_count),
    model,
    use_spot: use_spot ?? false,
  }
}

/** The request that a draft is; what was left empty is left out. */
export function requestOf(draft: Draft): NewLaunch {
  const { kind, provider, use_spot, task, model, vllm_args, tensor_parallel } = draft
  const ofModel = {
    model: model.trim(),
    vllm_args: vllm_args.trim(),
    ...number({ tensor_parallel }),
  }
  const fields = {
    node_id: draft.node_id.trim(),
    provider: provider.trim(),
    region: draft.region.trim(),
    gpu: draft.gpu.trim(),
    ...number({ gpu_count: draft.gpu_count, disk_size: draft.disk_size }),
    ...(use_spot && { use_spot }),
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

function variablesOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=')
      return [name.trim(), value.join('=')]
    }),
  )
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
