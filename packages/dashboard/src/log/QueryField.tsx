import type { RefObject } from 'preact'
import type { Controls } from './controls.js'
import { QueryInput } from './QueryInput.js'
import type { View } from './view.js'

export interface QueryFieldProps {
  view: View
  controls: Controls
  field: RefObject<HTMLInputElement | null>
}

/** The field for a query over the log. */
export function QueryField({ view: { search, fault }, controls, field }: QueryFieldProps) {
  const change = (text: string) => {
    search.value = { ...search.peek(), text }
  }
  return (
    <QueryInput
      text={search.value.text}
      fault={fault.value}
      label="Search in the log"
      placeholder="Search  /"
      field={field}
      columns={30}
      onInput={change}
      onKeyDown={(event) => {
        if (event.key === 'Enter') controls.step(event.shiftKey ? -1 : 1)
        else if (event.key === 'Escape') {
          change('')
          field.current?.blur()
        }
      }}
    />
  )
}
