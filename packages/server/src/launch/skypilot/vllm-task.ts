import type { LaunchRequest } from '@launchtail/client/protocol'
import { engineWords } from '../engines/engine-words.js'
import { isAccessVariable } from '../node-access.js'
import { checkResources, resourcesOf } from './resources.js'

export interface Versions {
  readonly vllm: string
  readonly uv: string
  readonly python: string
}

/** A SkyPilot task, before it is written as YAML. */
export interface SkyTask {
  readonly fields: Readonly<Record<string, unknown>>
  readonly envs: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  /** Where the server listens, and is probed; undefined where the node chooses a free port. */
  readonly port: number | undefined
}

export interface TaskOptions {
  readonly versions: Versions
  /** True where SkyPilot is asked to open the port. */
  readonly opens: boolean
}

/** Where vLLM listens unless PORT in the request's `envs` says otherwise. */
export const DEFAULT_PORT = 8000

/**
 * A task that serves the request's model with vLLM. The request reaches the scripts as environment
 * variables, so nothing in it is ever run as code. Adds to `faults` everything that keeps it from being
 * launched.
 */
export function vllmTask(
  request: LaunchRequest,
  { versions, opens }: TaskOptions,
  faults: string[],
): SkyTask {
  const { model, tensor_parallel, envs = {}, secrets = {}, readiness = {} } = request
  checkResources(request, faults)
  if (model === undefined) faults.push('"model" is missing (or a "task" of your own)')
  else if (/^[-\s]|[\r\n\0]/.test(model)) {
    faults.push('"model" must not begin with "-" or a blank, or hold a line end')
  }
  const named = envs.PORT ?? readiness.port?.toString()
  const port = named === undefined && !opens ? undefined : portOf(named, faults)
  if (readiness.port !== undefined && readiness.port !== port) {
    faults.push(`"readiness.port" is ${readiness.port}, and vLLM answers at PORT, which is ${port}`)
  }
  const { accelerators, ...resources } = resourcesOf(request)
  const gpus = Number(/:(\d+)$/.exec(accelerators ?? '')?.[1] ?? 1)
  if (accelerators === undefined) faults.push('"gpu" is missing: vLLM needs one')
  else if (tensor_parallel !== undefined && tensor_parallel > gpus) {
    faults.push(`"tensor_parallel" is ${tensor_parallel}, and there are ${gpus} GPUs (gpu_count)`)
  }
  const words = vllmWords(request, faults)
  for (const name of Object.keys({ ...envs, ...secrets })) {
    if (name.startsWith(OURS) && !isAccessVariable(name))
      faults.push(`"${name}" is a name of this server's own`)
  }
  return {
    fields: {
      name: 'vllm',
      resources: { ...resources, accelerators, ...(opens && { ports: [String(port)] }) },
      setup: SETUP,
      run: RUN,
    },
    envs: {
      ...envs,
      ...(port !== undefined && { PORT: String(port) }),
      [`${OURS}MODEL`]: model ?? '',
      [`${OURS}TENSOR_PARALLEL`]: String(tensor_parallel ?? gpus),
      [`${OURS}VLLM_ARGS`]: words.join('\n'),
      [`${OURS}VLLM_VERSION`]: request.engine_version ?? versions.vllm,
      [`${OURS}UV_VERSION`]: versions.uv,
      [`${OURS}PYTHON_VERSION`]: versions.python,
    },
    secrets,
    port,
  }
}

const OURS = 'LAUNCHTAIL_'

/** vLLM is installed with a pinned uv: SkyPilot's own may be too old to choose the right PyTorch. */
const SETUP = `set -eu
venv="$HOME/launchtail-vllm"
if [ ! -x "$venv/bin/python" ]; then
  if command -v uv >/dev/null 2>&1; then
    uv venv --seed --python "$LAUNCHTAIL_PYTHON_VERSION" "$venv"
  else
    python3 -m venv "$venv"
  fi
fi
"$venv/bin/python" -m pip install "uv==$LAUNCHTAIL_UV_VERSION"
"$venv/bin/uv" pip install --python "$venv/bin/python" --torch-backend=auto "vllm==$LAUNCHTAIL_VLLM_VERSION"
`

const RUN = `set -eu
arguments=(serve "$LAUNCHTAIL_MODEL" --host 0.0.0.0 --port "$PORT")
arguments+=(--tensor-parallel-size "$LAUNCHTAIL_TENSOR_PARALLEL")
if [ -n "$LAUNCHTAIL_VLLM_ARGS" ]; then
  mapfile -t more <<< "$LAUNCHTAIL_VLLM_ARGS"
  arguments+=("\${more[@]}")
fi
exec "$HOME/launchtail-vllm/bin/vllm" "\${arguments[@]}"
`

/** Options that the task sets itself. */
const SET = /^--(?:host|port|model|tensor[-_]parallel[-_]size)(?:=|$)|^-tp(?:=|$)/

function vllmWords({ vllm_args, engine_args }: LaunchRequest, faults: string[]): string[] {
  const field = vllm_args === undefined ? 'engine_args' : 'vllm_args'
  if (vllm_args !== undefined && engine_args !== undefined) {
    faults.push('"vllm_args" and "engine_args" are the same here: give one of them')
  }
  const words = engineWords(vllm_args ?? engine_args, field, faults)
  if (words[0] !== undefined && !words[0].startsWith('-')) {
    faults.push(`"${field}" must begin with an option`)
  }
  const set = words.find((word) => SET.test(word))
  if (set !== undefined) {
    faults.push(
      `"${field}" must not hold ${set.split('=', 1)[0]}: use "model", "tensor_parallel", and PORT in "envs"`,
    )
  }
  return words
}

export function portOf(text: string | undefined, faults: string[]): number {
  if (text === undefined) return DEFAULT_PORT
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port > 0 && port < 65_536) return port
  faults.push('PORT must be a whole number from 1 to 65535')
  return DEFAULT_PORT
}
