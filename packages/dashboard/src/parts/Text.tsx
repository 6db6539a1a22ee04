interface TextProps {
  label: string
  value: { value: string }
  type?: 'text' | 'url'
  placeholder?: string
  required?: boolean
  class?: string
  title?: string
}

/** A field of a form for a line of text. */
export function Text({ label, value, type = 'text', ...more }: TextProps) {
  return (
    <label>
      {label}
      <input
        // Preact's types want one of them by name.
        type={type as 'text'}
        autocomplete="off"
        spellcheck={false}
        value={value.value}
        onInput={({ currentTarget }) => {
          value.value = currentTarget.value
        }}
        {...more}
      />
    </label>
  )
}
