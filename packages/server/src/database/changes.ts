/** Tables whose changes are told to all servers that share the database. */
export type ToldTable = 'nodes' | 'launches' | 'webhooks' | 'stream_tickets' | 'tokens'

/** A row that another server has changed. */
export interface RowChange {
  readonly table: ToldTable
  /** The row's primary key. */
  readonly key: string
  readonly isDeleted: boolean
}

/** What other servers change in the records that all of them share. */
export interface Changes {
  /** Calls back soon after the commit of each change. */
  on(table: ToldTable, changed: (change: RowChange) => void): void
  /** Calls back when changes may have been missed: whatever is in memory may be out of date. */
  onMissed(missed: () => void): void
  stop(): Promise<void>
}

/** Of records that no other server changes. */
export const NO_CHANGES: Changes = {
  on() {},
  onMissed() {},
  stop: async () => {},
}
