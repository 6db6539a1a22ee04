import type { RefObject } from 'preact'
import { useId } from 'preact/hooks'
import type { QueryFault } from './finder.js'
import { language, loadLanguage } from './language.js'

export interface QueryInputProps {
  text: string
  /** What is wrong with the text. */
  fault: QueryFault | undefined
  label: string
  placeholder: string
  field: RefObject<HTMLInputElement | null>
  /** The number of characters that the field shows. */
  columns: number
  onInput: (text: string) => void
  onKeyDown: (event: KeyboardEvent) => void
}

/** A field for a query, which completes fields and values and says what is wrong. */
export function QueryInput(props: QueryInputProps) {
  const { text, fault, label, placeholder, field, columns, onInput, onKeyDown } = props
  const options = useId()
  const problem = useId()
  return (
    <span class="query">
      <input
        ref={field}
        type="search"
        placeholder={placeholder}
        aria-label={label}
        title="Words, &quot;phrases&quot;, field:value, /patterns/, AND OR NOT"
        list={options}
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? problem : undefined}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onFocus={loadLanguage}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Completions id={options} text={text} />
      {fault && <Problem id={problem} fault={fault} columns={columns} />}
    </span>
  )
}

/** The query as it may go on. A browser shows those that begin like what was typed. */
function Completions({ id, text }: { id: string; text: string }) {
  const { from = 0, options = [] } = language.value?.complete(text, text.length) ?? {}
  return (
    <datalist id={id}>
      {options.map((option) => (
        <option key={option} value={text.slice(0, from) + option} />
      ))}
    </datalist>
  )
}

interface ProblemProps {
  id: string
  fault: QueryFault
  columns: number
}

/** Says what is wrong, below the character where it is. */
function Problem({ id, fault: { column, problem }, columns }: ProblemProps) {
  return (
    <span class="problem" id={id} role="alert">
      <span aria-hidden="true" class="caret">
        {' '.repeat(Math.min(column, columns) - 1)}^
      </span>
      {problem}
    </span>
  )
}
