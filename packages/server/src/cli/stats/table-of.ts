import type { Formatter } from '../format/formatter.js'

export type Cells = readonly (string | number)[]

export interface Table {
  readonly head: readonly string[]
  /** The columns that begin at the left. The others are numbers and end at the right. */
  readonly words: readonly number[]
  readonly rows: readonly Cells[]
}

const BETWEEN = '  '

/** A table in aligned columns, its head in capitals. */
export function tableOf({ head, words, rows }: Table, { dim }: Pick<Formatter, 'dim'>): string {
  const all = [head.map((cell) => cell.toUpperCase()), ...rows.map((row) => row.map(String))]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const [first = '', ...lines] = all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return words.includes(column) ? cell.padEnd(width) : cell.padStart(width)
      })
      .join(BETWEEN)
      .trimEnd(),
  )
  return [dim(first), ...lines].join('\n')
}
