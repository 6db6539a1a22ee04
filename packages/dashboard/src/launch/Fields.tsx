import { ENGINES } from '@launchtail/client/protocol'
import type { Draft } from './draft.js'
import { type ChangeDraft, Check, Field } from './Field.js'

const PROVIDERS = ['aws', 'gcp', 'azure', 'kubernetes', 'lambda', 'nebius', 'runpod', 'local']
const GPUS = ['h200', 'h100', 'a100-80gb', 'a100', 'l40s', 'l4', 'a10g', 't4']
const REGIONS: Record<string, string[]> = {
  aws: ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-northeast-1'],
  gcp: ['us-central1', 'us-east4', 'us-west1', 'europe-west4', 'asia-east1'],
  azure: ['eastus', 'westus3', 'northeurope', 'westeurope'],
}

/** The fields that most launches need: where a node runs and what it serves. */
export function Fields({ draft, change }: { draft: Draft; change: ChangeDraft }) {
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
          {!isModel && <Field {...field} name="num_nodes" hint="1" type="number" />}
        </>
      )}
      {isModel && <Field {...field} name="engine" hint="vllm" choices={ENGINES} />}
      {!isLocal && <Check {...field} name="use_spot" />}
      <Field
        {...field}
        name="model"
        hint={
          isModel ? 'Qwen/Qwen2.5-7B-Instruct' : 'display only: the task decides what is served'
        }
        required={isModel}
        wide
      />
      <Field {...field} name="node_id" hint="generated if empty" wide />
      <Field {...field} name="replicas" hint="1; more are a group" type="number" />
    </div>
  )
}
