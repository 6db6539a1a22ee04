import type { LaunchRequest } from '@launchtail/client/protocol'
import { command } from './command.js'
import type { Engine } from './engine.js'
import { llamacpp } from './llamacpp.js'
import { ollama } from './ollama.js'
import { sglang } from './sglang.js'
import { tei } from './tei.js'
import { tgi } from './tgi.js'

export type EngineName = NonNullable<LaunchRequest['engine']>

/** Every engine but vLLM, whose task has been there before, with settings for its versions. */
export const ENGINES: Readonly<Record<Exclude<EngineName, 'vllm'>, Engine>> = {
  sglang,
  llamacpp,
  tgi,
  ollama,
  tei,
  command,
}

/** What makes a task of ours. */
export const ENGINE_FIELDS = [
  'vllm_args',
  'tensor_parallel',
  'engine',
  'engine_version',
  'engine_args',
] as const

/** The engine that a launch names, if it is one of these. */
export function engineOf({ engine, task }: LaunchRequest): Engine | undefined {
  return task !== undefined || engine === undefined || engine === 'vllm'
    ? undefined
    : ENGINES[engine]
}
