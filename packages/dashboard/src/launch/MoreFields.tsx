import { LAUNCH_MODES, READINESS_FROM } from '@launchtail/client/protocol'
import type { Draft } from './draft.js'
import { type ChangeDraft, Check, Field } from './Field.js'
import { Fold } from './Fold.js'

interface MoreFieldsProps {
  draft: Draft
  change: ChangeDraft
  fault: string
}

/** The fields that few launches need. */
export function MoreFields({ draft, change, fault }: MoreFieldsProps) {
  const isLocal = draft.provider === 'local'
  const field = { draft, change }
  const fold = { draft, fault }
  return (
    <div class="folds">
      {draft.kind === 'model' && (
        <Fold {...fold} title="Engine" names={ENGINE}>
          <Field {...field} name="engine_version" hint="default" />
          <Field {...field} name="tensor_parallel" hint="all GPUs" type="number" />
          <Field {...field} name="engine_args" hint="--max-model-len 8192" wide />
          {draft.vllm_args !== '' && <Field {...field} name="vllm_args" wide />}
        </Fold>
      )}
      <Fold {...fold} title="Places and attempts" names={PLACES}>
        {!isLocal && (
          <Field {...field} name="places" hint="aws/us-east-1,spot gcp/us-central1,wait=10m" wide />
        )}
        <Field {...field} name="attempts" hint="once at each place" type="number" />
        <Field {...field} name="launch_timeout" hint="no limit" />
        <Check {...field} name="retry_until_up" />
        {!isLocal && (
          <>
            <Field {...field} name="mode" hint="cluster" choices={LAUNCH_MODES} />
            <Field {...field} name="disk_size" hint="default" type="number" />
            <Check {...field} name="closed" />
          </>
        )}
      </Fold>
      <Fold {...fold} title="Limits" names={LIMITS}>
        <Field {...field} name="max_lifetime" hint="no limit" />
        <Field {...field} name="idle_timeout" hint="no limit" />
        {!isLocal && (
          <>
            <Field {...field} name="keep_on_failure" hint="not kept" />
            <Field {...field} name="budget" hint="no limit" type="number" step="any" />
          </>
        )}
      </Fold>
      <Fold {...fold} title="Readiness and smoke test" names={READINESS}>
        {!isLocal && (
          <Field {...field} name="readiness_from" hint="auto" choices={READINESS_FROM} />
        )}
        <Field {...field} name="readiness_path" hint="/health" />
        <Field {...field} name="readiness_port" hint="PORT" type="number" />
        <Field {...field} name="readiness_timeout" hint="30m" />
        <Field {...field} name="smoke_prompt" hint="none" />
        <Field {...field} name="smoke_path" hint="none" />
        <Field {...field} name="smoke_expect" hint="anything" />
      </Fold>
      <Fold {...fold} title="Owner and labels" names={OWNER}>
        <Field {...field} name="owner" hint="a person, a team" />
        <Field {...field} name="labels" hint="team=inference" />
      </Fold>
    </div>
  )
}

const ENGINE = ['engine_version', 'tensor_parallel', 'engine_args', 'vllm_args'] as const
const PLACES = [
  ...(['places', 'attempts', 'launch_timeout', 'retry_until_up'] as const),
  ...(['mode', 'disk_size', 'closed'] as const),
]
const LIMITS = ['max_lifetime', 'idle_timeout', 'keep_on_failure', 'budget'] as const
const READINESS = [
  ...(['readiness_from', 'readiness_path', 'readiness_port', 'readiness_timeout'] as const),
  ...(['smoke_prompt', 'smoke_path', 'smoke_expect'] as const),
]
const OWNER = ['owner', 'labels'] as const
