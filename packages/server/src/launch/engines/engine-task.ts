import type { LaunchRequest } from '@launchtail/client/protocol'
import { isAccessVariable } from '../node-access.js'
import type { Engine } from './engine.js'
import { engineWords } from './engine-words.js'

export interface EngineVersions {
  readonly uv: string
  readonly python: string
}

export interface EngineTaskOptions {
  readonly versions: EngineVersions
  /** The address that the server listens on. */
  readonly host: '0.0.0.0' | '127.0.0.1'
  /** How many GPUs the launch asks for. */
  readonly gpus: number
}

/** What an engine's server is started with: two scripts of ours and an environment. */
export interface EngineTask {
  readonly name: string
  readonly image?: string
  readonly setup?: string
  readonly run: string
  /** Without PORT. */
  readonly envs: Readonly<Record<string, string>>
}

/** Adds to `faults` everything that keeps it from being launched. */
export function engineTask(
  request: LaunchRequest,
  engine: Engine,
  { versions, host, gpus }: EngineTaskOptions,
  faults: string[],
): EngineTask {
  const { model, tensor_parallel, engine_version: wanted, envs = {}, secrets = {} } = request
  const name = request.engine ?? ''
  refuseFields(request, engine, faults)
  const words = wordsFor(request, engine, faults)
  if (tensor_parallel !== undefined && tensor_parallel > Math.max(1, gpus)) {
    faults.push(`"tensor_parallel" is ${tensor_parallel}, and there are ${gpus} GPUs (gpu_count)`)
  }
  for (const variable of Object.keys({ ...envs, ...secrets })) {
    if (variable.startsWith(OURS) && !isAccessVariable(variable))
      faults.push(`"${variable}" is a name of this server's own`)
  }
  const version = wanted ?? engine.version
  return {
    name,
    ...(engine.image && { image: engine.image(version, request) }),
    ...(engine.setup !== undefined && { setup: engine.setup }),
    run: engine.run,
    envs: {
      ...envs,
      [`${OURS}MODEL`]: model ?? '',
      [`${OURS}HOST`]: host,
      [`${OURS}GPUS`]: String(gpus),
      [`${OURS}TENSOR_PARALLEL`]: String(tensor_parallel ?? Math.max(1, gpus)),
      [`${OURS}ENGINE_ARGS`]: words.join('\n'),
      [`${OURS}ENGINE_VERSION`]: version,
      [`${OURS}UV_VERSION`]: versions.uv,
      [`${OURS}PYTHON_VERSION`]: versions.python,
    },
  }
}

const OURS = 'LAUNCHTAIL_'

function refuseFields(request: LaunchRequest, engine: Engine, faults: string[]): void {
  const { model, vllm_args, tensor_parallel, engine_version, engine: name } = request
  if (model === undefined) {
    if (engine.needsModel) faults.push(`"model" is missing: ${name} needs one`)
  } else if (/^[-\s]|[\r\n\0]/.test(model)) {
    faults.push('"model" must not begin with "-" or a blank, or hold a line end')
  }
  if (vllm_args !== undefined) {
    faults.push(`"vllm_args" has no meaning with ${name}: use "engine_args"`)
  }
  if (tensor_parallel !== undefined && !engine.parallel) {
    faults.push(`"tensor_parallel" has no meaning with ${name}`)
  }
  if (engine_version !== undefined && engine.version === '') {
    faults.push(`"engine_version" has no meaning with ${name}`)
  }
}

function wordsFor(request: LaunchRequest, engine: Engine, faults: string[]): string[] {
  const words = engineWords(request.engine_args, 'engine_args', faults)
  const { engine: name } = request
  if (name === 'command') {
    if (words.length === 0) faults.push('"engine_args" is missing: the words of the command')
    return words
  }
  if (words.length > 0 && engine.takesNone) {
    faults.push(`"engine_args" has no meaning here: ${engine.takesNone}`)
  } else if (words[0] !== undefined && !words[0].startsWith('-')) {
    faults.push('"engine_args" must begin with an option')
  }
  const set = words.find((word) => engine.sets?.test(word))
  if (set !== undefined) {
    faults.push(
      `"engine_args" must not hold ${set.split('=', 1)[0]}: use "model", "tensor_parallel", and PORT in "envs"`,
    )
  }
  return words
}
