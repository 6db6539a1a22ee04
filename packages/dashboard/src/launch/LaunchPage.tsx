import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { go, place } from '../address.js'
import { CopyButton } from '../parts/CopyButton.js'
import { baseUrl, client } from '../session.js'
import { Field, Variables } from './Field.js'
import { curlOf, type Draft, draftOf, EMPTY, linesOfFault, requestOf } from './request.js'
import { TaskEditor } from './TaskEditor.js'

const PROVIDERS = ['aws', 'gcp', 'azure', 'kubernetes', 'lambda', 'nebius', 'runpod', 'local']
const GPUS = ['h200', 'h100', 'a100-80gb', 'a100', 'l40s', 'l4', 'a10g', 't4']
const REGIONS: Record<string, string[]> = {
  aws: ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-northeast-1'],
  gcp: ['us-central1', 'us-east4', 'us-west1', 'europe-west4', 'asia-east1'],
  azure: ['eastus', 'westus3', 'northeurope', 'westeurope'],
}

/** The form that launches a node. */
export function LaunchPage() {
  const again = place.value.query.get('again') ?? ''
  const draft = useSignal<Draft>(EMPTY)
  const fault = useSignal('')
  const busy = useSignal(false)
  // Sent twice by a network that fails in between, it is still one launch.
  const key = useMemo(makeKey, [draft.value])
  useEffect(() => {
    document.title = 'Launch a node – Launchtail'
  }, [])
  useEffect(() => {
    if (!again) return
    client
      .peek()
      .getNode(again)
      .then(
        (node) => {
          draft.value = draftOf(node)
        },
        (error) => {
          fault.value = (error as Error).message
        },
      )
  }, [again, draft, fault])

  const change = (changes: Partial<Draft>) => {
    draft.value = { ...draft.value, ...changes }
  }
  const request = requestOf(draft.value)

  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    busy.value = true
    fault.value = ''
    try {
      const { node_id } = await client.peek().launchNode(request, { idempotencyKey: key })
      go(['nodes', node_id])
    } catch (error) {
      fault.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }

  return (
    <article class="launch">
      <h1>{again ? 'Launch again' : 'Launch a node'}</h1>
      {again && (
        <p class="hint">
          What the node’s record tells is filled in. Arguments, tasks and secrets are not kept
          there.
        </p>
      )}
      <div class="columns">
        <form onSubmit={submit}>
          <Kinds draft={draft} change={change} />
          <Fields draft={draft.value} change={change} />
          {draft.value.kind === 'task' && (
            <TaskEditor
              task={draft.value.task}
              faults={linesOfFault(fault.value, draft.value.task)}
              onInput={(task) => change({ task })}
            />
          )}
          <div class="fields">
            <Variables draft={draft.value} change={change} name="envs" label="Environment" />
            <Variables draft={draft.value} change={change} name="secrets" label="Secrets" />
          </div>
          <p class="fault" role="alert">
            {fault.value}
          </p>
          <button class="primary" type="submit" disabled={busy.value}>
            {busy.value ? 'Launching …' : 'Launch'}
          </button>
        </form>
        <aside aria-label="The same request as a command">
          <h2>
            The same request as a command{' '}
            <CopyButton text={() => curlOf(request, baseUrl)} title="Copy the command" />
          </h2>
          <pre>{curlOf(request, baseUrl)}</pre>
        </aside>
      </div>
    </article>
  )
}

interface PartProps {
  change: (changes: Partial<Draft>) => void
}

function Kinds({ draft, change }: PartProps & { draft: Signal<Draft> }) {
  const kinds = [
    { kind: 'model', name: 'A model, served by vLLM' },
    { kind: 'task', name: 'A SkyPilot task' },
  ] as const
  return (
    <fieldset class="kinds">
      <legend class="hidden">What to launch</legend>
      {kinds.map(({ kind, name }) => (
        <label key={kind}>
          <input
            type="radio"
            name="kind"
            checked={draft.value.kind === kind}
            onChange={() => change({ kind })}
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}

function Fields({ draft, change }: PartProps & { draft: Draft }) {
  const { kind, provider } = draft
  const isLocal = provider === 'local'
  const field = { draft, change }
  return (
    <div class="fields">
      <Field {...field} name="provider" label="Provider" choices={PROVIDERS} required />
      {!isLocal && (
        <>
          <Field
            {...field}
            name="region"
            label="Region"
            choices={REGIONS[provider] ?? []}
            required
          />
          <Field {...field} name="gpu" label="GPU" choices={GPUS} required />
          <Field {...field} name="gpu_count" label="How many GPUs" hint="1" type="number" />
          <Field {...field} name="disk_size" label="Disk, GB" hint="as usual" type="number" />
        </>
      )}
      {kind === 'model' && (
        <>
          <Field
            {...field}
            name="tensor_parallel"
            label="Tensor parallel"
            hint="GPUs"
            type="number"
          />
          <Field
            {...field}
            name="model"
            label="Model"
            hint="Qwen/Qwen2.5-7B-Instruct"
            required
            wide
          />
          <Field
            {...field}
            name="vllm_args"
            label="vLLM arguments"
            hint="--max-model-len 8192"
            wide
          />
        </>
      )}
      <Field {...field} name="node_id" label="Node id" hint="made for you" wide />
      {!isLocal && (
        <label class="check">
          <input
            type="checkbox"
            checked={draft.use_spot}
            onChange={({ currentTarget }) => change({ use_spot: currentTarget.checked })}
          />
          Spot instance
        </label>
      )}
    </div>
  )
}

/** Not a UUID: a browser makes those only where the page came over HTTPS. */
function makeKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
