import { ENGINES, LAUNCH_MODES, READINESS_FROM } from '@launchtail/client/protocol'
import type { Draft } from './draft.js'
import { type ChangeDraft, Check, Field } from './Field.js'

const PROVIDERS = ['aws', 'gcp', 'azure', 'kubernetes', 'lambda', 'nebius', 'runpod', 'local']
const GPUS = ['h200', 'h100', 'a100-80gb', 'a100', 'l40s', 'l4', 'a10g', 't4']
const REGIONS: Record<string, string[]> = {
  aws: ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-northeast-1'],
  gcp: ['us-central1', 'us-east4', 'us-west1', 'europe-west4', 'asia-east1'],
  azure: ['eastus', 'westus3', 'northeurope', 'westeurope'],
}

/** The fields for where a node runs and what it serves. */
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
          <Field {...field} name="disk_size" hint="default" type="number" />
        </>
      )}
      {!isLocal && (
        <Field {...field} name="places" hint="aws/us-east-1,spot gcp/us-central1,wait=10m" wide />
      )}
      {isModel && <Field {...field} name="tensor_parallel" hint="all GPUs" type="number" />}
      <Field
        {...field}
        name="model"
        hint={
          isModel ? 'Qwen/Qwen2.5-7B-Instruct' : 'display only: the task decides what is served'
        }
        required={isModel}
        wide
      />
      {isModel && (
        <>
          <Field {...field} name="engine" hint="vllm" choices={ENGINES} />
          <Field {...field} name="engine_version" hint="default" />
          <Field {...field} name="engine_args" hint="--max-model-len 8192" wide />
        </>
      )}
      {isModel && draft.vllm_args !== '' && <Field {...field} name="vllm_args" wide />}
      <Field {...field} name="node_id" hint="generated if empty" wide />
      <Field {...field} name="replicas" hint="1; more are a group" type="number" />
      {!isLocal && (
        <>
          <Field {...field} name="mode" hint="cluster" choices={LAUNCH_MODES} />
          <Field {...field} name="readiness_from" hint="auto" choices={READINESS_FROM} />
        </>
      )}
      <Field {...field} name="readiness_path" hint="/health" />
      <Field {...field} name="readiness_port" hint="PORT" type="number" />
      <Field {...field} name="readiness_timeout" hint="30m" />
      <Field {...field} name="attempts" hint="once at each place" type="number" />
      <Field {...field} name="owner" hint="a person, a team" />
      <Field {...field} name="labels" hint="team=inference" />
      <Field {...field} name="max_lifetime" hint="no limit" />
      <Field {...field} name="idle_timeout" hint="no limit" />
      {!isLocal && <Field {...field} name="keep_on_failure" hint="not kept" />}
      <Field {...field} name="smoke_prompt" hint="none" />
      <Field {...field} name="smoke_path" hint="none" />
      <Field {...field} name="smoke_expect" hint="anything" />
      {!isLocal && (
        <>
          <Check {...field} name="use_spot" />
          <Check {...field} name="closed" />
        </>
      )}
    </div>
  )
}
