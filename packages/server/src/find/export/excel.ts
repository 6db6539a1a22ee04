import type { ExportQuery } from '@launchtail/client/protocol'

/** Rows of a sheet, of which the head is one. */
const MOST_ROWS = 1_048_576

/** Warns of a file that Excel would show a part of. `count` is undefined where it is not known yet. */
export function excelWarning(
  format: ExportQuery['format'],
  count: number | undefined,
): string | undefined {
  if (format !== 'csv' || count === undefined || count < MOST_ROWS) return undefined
  return `Excel shows the first ${MOST_ROWS - 1} of ${count} entries`
}
