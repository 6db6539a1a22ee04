import type { Draft, LaunchState } from '@launchtail/client/protocol'
import type { Redactor } from '../../output/redact/index.js'
import type { ScopedRecord } from '../model.js'
import { createDrafting } from './drafts.js'
import { readRecord } from './record.js'

/** The records of one node in a request, as they become its entries. */
export interface NodeRecords {
  add(one: ScopedRecord): void
  /** The number of records so far. */
  count(): number
  /** The entries of all records. Call it once, at the end. */
  drafts(): readonly Draft[]
}

/**
 * Each record becomes an entry as soon as it is read: to keep the records of a whole request until then would
 * cost the garbage collector as much as reading them.
 */
export function createNodeRecords(options: {
  state: LaunchState
  redactor: Redactor
}): NodeRecords {
  const drafting = createDrafting(options)
  const drafts: Draft[] = []
  let count = 0
  return {
    add({ record, scope }) {
      count += 1
      keep(drafting.take(readRecord(record, scope)))
    },
    count: () => count,
    drafts() {
      keep(drafting.end())
      return drafts
    },
  }

  function keep(draft: Draft | undefined): void {
    if (draft) drafts.push(draft)
  }
}
