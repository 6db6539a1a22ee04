import { useSignal } from '@preact/signals'

export interface WhichProps {
  q: string
  onChange: (q: string) => void
}

/** The query that narrows the statistics down. It is asked with Enter, or by leaving the field. */
export function Which({ q, onChange }: WhichProps) {
  const typed = useSignal(q)
  return (
    <form
      class="which"
      onSubmit={(event) => {
        event.preventDefault()
        onChange(typed.value)
      }}
    >
      <label>
        Only{' '}
        <input
          type="search"
          value={q}
          placeholder="region:us-west-2 spot:true"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            typed.value = currentTarget.value
          }}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      </label>
    </form>
  )
}
