import type { RefObject } from 'preact'
import { useId } from 'preact/hooks'
import type { Controls } from './controls.js'
import type { QueryFault } from './finder.js'
import { language, loadLanguage } from './language.js'
import type { View } from './view.js'

export interface QueryFieldProps {
  view: View
  controls: Controls
  field: RefObject<HTMLInputElement | null>
}

/** The field for a query, which completes fields and values and says what is wrong. */
export function QueryField({ view, controls, field }: QueryFieldProps) {
  const { search, fault } = view
  const options = useId()
  const problem = useId()
  const change = (text: string) => {
    search.value = { ...search.peek(), text }
  }
  return (
    <span class="query">
      <input
        ref={field}
        type="search"
        placeholder="Search  /"
        aria-label="Search in the log"
        title="Words, &quot;phrases&quot;, field:value, /patterns/, AND OR NOT"
        list={options}
        aria-invalid={fault.value ? true : undefined}
        aria-describedby={fault.value ? problem : undefined}
        autocomplete="off"
        spellcheck={false}
        value={search.value.text}
        onFocus={loadLanguage}
        onInput={({ currentTarget }) => change(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') controls.step(event.shiftKey ? -1 : 1)
          else if (event.key === 'Escape') {
            change('')
            event.currentTarget.blur()
          }
        }}
      />
      <Completions id={options} text={search.value.text} />
      {fault.value && <Problem id={problem} fault={fault.value} />}
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

/** Says what is wrong, below the character where it is. */
function Problem({ id, fault: { column, problem } }: { id: string; fault: QueryFault }) {
  return (
    <span class="problem" id={id} role="alert">
      <span aria-hidden="true" class="caret">
        {' '.repeat(Math.min(column, WIDEST) - 1)}^
      </span>
      {problem}
    </span>
  )
}

/** Characters that the field shows. */
const WIDEST = 30
