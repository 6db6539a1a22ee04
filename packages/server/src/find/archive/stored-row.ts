/** An entry as it is stored. */
export interface StoredRow {
  readonly id: number
  readonly list: number
  readonly idx: number
  readonly ts: number
  readonly level: number
  readonly checked: string | null
  readonly body: string
}

export const COLUMNS = 'id, list, idx, ts, level, checked, body'

/** The most rows that are read at once: no statement stays open while other work has its turn. */
export const PAGE = 128
