import type { ComponentChildren } from 'preact'

interface TableProps {
  /** The names of the columns; empty for the one with what can be done. */
  head: readonly string[]
  /** The rows. */
  children: ComponentChildren
}

/** A table that scrolls where it has no room. */
export function Table({ head, children }: TableProps) {
  return (
    <table>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              {name || <span class="hidden">What can be done</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}
