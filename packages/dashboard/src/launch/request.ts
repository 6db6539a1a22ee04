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
}

/** A draft like a node that there is, under its own id. */
export function draftOf(node: NodeRecord): Draft {
  const { node_id, provider = '', region = '', gpu = '', gpu_count, model = '', use_spot } = node
  return {
    ...EMPTY,
    kind: model === '' ? 'task' : 'model',
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
  }
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== ''),
  ) as unknown as NewLaunch
}

function number(fields: Record<string, string>): Record<string, number> {
  const given = Object.entries(fields).filter(([, text]) => text.trim() !== '')
  return Object.fromEntries(given.map(([name, text]) => [name, Number(text)]))
}

/** The request for a shell. The token stands in a variable, so that it is in no history. */
export function curlOf(request: NewLaunch, baseUrl: string): string {
  const body = JSON.stringify(request, null, 2).replaceAll("'", "'\\''")
  return [
    `curl ${quoted(`${baseUrl}/admin/nodes/launch`)} \\`,
    '  -H "X-Admin-Token: $TOKEN" -H "Content-Type: application/json" \\',
    `  -d '${body}'`,
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
