import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { go } from '../address.js'
import { CopyButton } from '../parts/CopyButton.js'
import { baseUrl, client } from '../session.js'
import { type Earlier, earlier } from './again.js'
import { Field, Variables } from './Field.js'
import {
  curlOf,
  type Draft,
  EMPTY,
  LABELS,
  linesOfFault,
  makeKey,
  missingIn,
  requestOf,
} from './request.js'
import { TaskEditor } from './TaskEditor.js'

const PROVIDERS = ['aws', 'gcp', 'azure', 'kubernetes', 'lambda', 'nebius', 'runpod', 'local']
const GPUS = ['h200', 'h100', 'a100-80gb', 'a100', 'l40s', 'l4', 'a10g', 't4']
const REGIONS: Record<string, string[]> = {
  aws: ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-northeast-1'],
  gcp: ['us-central1', 'us-east4', 'us-west1', 'europe-west4', 'asia-east1'],
  azure: ['eastus', 'westus3', 'northeurope', 'westeurope'],
}

/** The form that launches a node, filled in like the one that is to be launched `again`, if any. */
export function LaunchPage({ again }: { again: string }) {
  const draft = useSignal<Draft>(EMPTY)
  const before = useSignal<Earlier | undefined>(undefined)
  const fault = useSignal('')
  const busy = useSignal(false)
  // Sent twice by a network that fails in between, it is still one launch.
  const key = useMemo(makeKey, [draft.value])
  useEffect(() => {
    document.title = 'Launch a node – Launchtail'
  }, [])
  useEffect(() => {
    if (!again) return
    earlier(again).then(
      (found) => {
        before.value = found
        draft.value = found.draft
      },
      (error) => {
        fault.value = (error as Error).message
      },
    )
  }, [again, before, draft, fault])

  const change = (changes: Partial<Draft>) => {
    draft.value = { ...draft.value, ...changes }
  }
  const request = requestOf(draft.value)

  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    fault.value = missingIn(draft.value, before.value?.masked ?? [])
    if (fault.value !== '') return
    busy.value = true
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
      {before.value && <p class="hint">{before.value.hints.join(' ')}</p>}
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
            <Variables draft={draft.value} change={change} name="envs" />
            <Variables draft={draft.value} change={change} name="secrets" />
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
  const isModel = kind === 'model'
  const field = { draft, change }
  return (
    <div class="fields">
      <Field {...field} name="provider" choices={PROVIDERS} required />
      {!isLocal && (
        <>
          <Field {...field} name="region" choices={REGIONS[provider] ?? []} required />
          <Field {...field} name="gpu" choices={GPUS} required />
          <Field {...field} name="gpu_count" hint="1" type="number" />
          <Field {...field} name="disk_size" hint="default" type="number" />
        </>
      )}
      {isModel && <Field {...field} name="tensor_parallel" hint="all GPUs" type="number" />}
      <Field
        {...field}
        name="model"
        hint={isModel ? 'Qwen/Qwen2.5-7B-Instruct' : 'only shown: the task says what it serves'}
        required={isModel}
        wide
      />
      {isModel && <Field {...field} name="vllm_args" hint="--max-model-len 8192" wide />}
      <Field {...field} name="node_id" hint="a new one" wide />
      {!isLocal && (
        <label class="check">
          <input
            type="checkbox"
            checked={draft.use_spot}
            onChange={({ currentTarget }) => change({ use_spot: currentTarget.checked })}
          />
          {LABELS.use_spot}
        </label>
      )}
    </div>
  )
}
