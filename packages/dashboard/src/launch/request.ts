import type { NewGroup, NewLaunch, NewPlan } from '@launchtail/client'
import { type Place, parsePlace } from '@launchtail/client/protocol'
import type { Draft } from './draft.js'
import { variablesOf } from './variables.js'

/** The request that a draft describes, without the fields that are empty. */
export function requestOf(draft: Draft): NewLaunch {
  const { provider, use_spot, closed, model } = draft
  const isTask = draft.kind === 'task'
  const fields = {
    node_id: draft.node_id.trim(),
    provider: provider.trim(),
    region: draft.region.trim(),
    gpu: draft.gpu.trim(),
    gpu_count: numberOf(draft.gpu_count),
    num_nodes: isTask ? numberOf(draft.num_nodes) : '',
    disk_size: numberOf(draft.disk_size),
    use_spot: use_spot || '',
    model: model.trim(),
    task: isTask ? draft.task : '',
    vllm_args: isTask ? '' : draft.vllm_args.trim(),
    engine: isTask ? '' : draft.engine.trim(),
    engine_version: isTask ? '' : draft.engine_version.trim(),
    engine_args: isTask ? '' : draft.engine_args.trim(),
    tensor_parallel: isTask ? '' : numberOf(draft.tensor_parallel),
    mode: draft.mode.trim(),
    expose: closed ? false : '',
    launch_timeout: draft.launch_timeout.trim(),
    places: placesOf(draft.places),
    attempts: numberOf(draft.attempts),
    retry_until_up: draft.retry_until_up || '',
    owner: draft.owner.trim(),
    labels: labelsOf(draft.labels),
    max_lifetime: draft.max_lifetime.trim(),
    idle_timeout: draft.idle_timeout.trim(),
    keep_on_failure: draft.keep_on_failure.trim(),
    budget: numberOf(draft.budget),
    readiness: readinessOf(draft),
    smoke: smokeOf(draft),
    envs: recordOf(draft.envs),
    secrets: recordOf(draft.secrets),
  } satisfies Record<keyof NewLaunch, unknown>
  return given(fields) as unknown as NewLaunch
}

/** The group that a draft describes; undefined if it describes a single node. */
export function groupOf(draft: Draft): NewGroup | undefined {
  const replicas = Number(draft.replicas)
  const isService = draft.mode === 'serve' && replicas === 1
  if (!(replicas > 1) && !isService) return undefined
  const { node_id: group_id, ...launch } = requestOf(draft)
  return { ...(group_id !== undefined && { group_id }), replicas, ...launch }
}

/** What is to be planned of a draft: one node, or all of a group. */
export function planOf(draft: Draft): NewPlan {
  const replicas = Number(draft.replicas)
  return { ...requestOf(draft), ...(replicas > 1 && { replicas }) }
}

/** The fields that are not empty. */
function given(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
}

function numberOf(text: string): number | '' {
  return text.trim() === '' ? '' : Number(text)
}

function recordOf(text: string): Record<string, string> | '' {
  return text.trim() === '' ? '' : variablesOf(text)
}

/** A value may have blanks: a label begins where the next name does. */
function labelsOf(text: string): Record<string, string> | '' {
  if (text.trim() === '') return ''
  const words = text.trim().split(/\s+(?=[^\s=]+=)/)
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', ...value] = word.split('=')
      return [name, value.join('=')]
    }),
  )
}

function placesOf(text: string): Place[] | '' {
  const words = text.split(/\s+/).filter((word) => word !== '')
  return words.length === 0 ? '' : words.map(placeIn)
}

/** What cannot be read is sent as it is, and the server says what is wrong with it. */
function placeIn(text: string): Place {
  try {
    return parsePlace(text)
  } catch {
    return { infra: text }
  }
}

function smokeOf({ smoke_prompt, smoke_path, smoke_expect }: Draft): object | '' {
  const smoke = given({
    prompt: smoke_prompt.trim(),
    path: smoke_path.trim(),
    expect: smoke_expect.trim(),
  })
  return Object.keys(smoke).length === 0 ? '' : smoke
}

function readinessOf(draft: Draft): object | '' {
  const fields = {
    from: draft.readiness_from.trim(),
    path: draft.readiness_path.trim(),
    port: numberOf(draft.readiness_port),
    timeout: draft.readiness_timeout.trim(),
  } satisfies Record<keyof NonNullable<NewLaunch['readiness']>, unknown>
  const readiness = given(fields)
  return Object.keys(readiness).length === 0 ? '' : readiness
}
