import { useId } from 'preact/hooks'
import { type Draft, LABELS } from './draft.js'

export type ChangeDraft = (changes: Partial<Draft>) => void

type CheckField = 'use_spot' | 'closed' | 'retry_until_up'
type TextField = Exclude<keyof typeof LABELS, CheckField>

interface FieldProps {
  draft: Draft
  change: ChangeDraft
  name: TextField
  hint?: string
  type?: 'text' | 'number'
  /** `any` for a number that need not be whole. */
  step?: 'any'
  /** Suggested, not enforced. */
  choices?: readonly string[]
  required?: boolean
  wide?: boolean
}

/** One field of the form. */
export function Field(props: FieldProps) {
  const { draft, change, name, hint = '', type = 'text', choices = [] } = props
  const { step, required, wide } = props
  const id = useId()
  return (
    <div class="field" data-wide={wide || undefined}>
      <label for={id}>{LABELS[name]}</label>
      <input
        id={id}
        name={name}
        type={type}
        min={type === 'number' ? (step === 'any' ? 0 : 1) : undefined}
        step={step}
        placeholder={hint}
        required={required}
        autocomplete="off"
        spellcheck={false}
        list={choices.length > 0 ? `${id}-choices` : undefined}
        value={draft[name]}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
      {choices.length > 0 && (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </div>
  )
}

interface CheckProps {
  draft: Draft
  change: ChangeDraft
  name: CheckField
}

/** Something that is so, or is not. */
export function Check({ draft, change, name }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={draft[name]}
        onChange={({ currentTarget }) => change({ [name]: currentTarget.checked })}
      />
      {LABELS[name]}
    </label>
  )
}

interface VariablesProps {
  draft: Draft
  change: ChangeDraft
  name: 'envs' | 'secrets'
}

const HINTS = {
  envs: 'MAX_LEN=8192',
  secrets: 'HF_TOKEN=…',
} as const

/** Variables for the launch, one per line. */
export function Variables({ draft, change, name }: VariablesProps) {
  const id = useId()
  // Names without values are no secret.
  const isSecret = name === 'secrets' && /=./.test(draft.secrets)
  return (
    <div class="field variables" data-wide>
      <label for={id}>
        {LABELS[name]}, one per line{name === 'secrets' && '; removed from logs and records'}
      </label>
      <textarea
        id={id}
        name={name}
        class={isSecret ? 'secret' : undefined}
        rows={Math.min(8, Math.max(2, draft[name].split('\n').length))}
        wrap="off"
        placeholder={HINTS[name]}
        autocomplete="off"
        spellcheck={false}
        value={draft[name]}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
    </div>
  )
}
