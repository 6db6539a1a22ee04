import type { NewLaunch } from '@launchtail/client'
import type { Draft } from './draft.js'
import { variablesOf } from './variables.js'

/** The request that a draft describes, without the fields that are empty. */
export function requestOf(draft: Draft): NewLaunch {
  const { kind, provider, use_spot, task, model, vllm_args, tensor_parallel } = draft
  const ofModel = { vllm_args: vllm_args.trim(), tensor_parallel: numberOf(tensor_parallel) }
  const fields = {
    node_id: draft.node_id.trim(),
    provider: provider.trim(),
    region: draft.region.trim(),
    gpu: draft.gpu.trim(),
    gpu_count: numberOf(draft.gpu_count),
    disk_size: numberOf(draft.disk_size),
    use_spot: use_spot || '',
    model: model.trim(),
    ...(kind === 'task' ? { task } : ofModel),
    readiness: readinessOf(draft),
    envs: recordOf(draft.envs),
    secrets: recordOf(draft.secrets),
  }
  const given = Object.entries(fields).filter(([, value]) => value !== '')
  return Object.fromEntries(given) as unknown as NewLaunch
}

function numberOf(text: string): number | '' {
  return text.trim() === '' ? '' : Number(text)
}

function recordOf(text: string): Record<string, string> | '' {
  return text.trim() === '' ? '' : variablesOf(text)
}

function readinessOf(draft: Draft): NewLaunch['readiness'] | '' {
  const path = draft.readiness_path.trim()
  const port = numberOf(draft.readiness_port)
  const timeout = draft.readiness_timeout.trim()
  if (path === '' && port === '' && timeout === '') return ''
  return {
    ...(path !== '' && { path }),
    ...(port !== '' && { port }),
    ...(timeout !== '' && { timeout }),
  }
}
