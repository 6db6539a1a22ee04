import type { Draft } from '@launchtail/client/protocol'
import { activeEntry, failedEntry, TERMINATED_ENTRY } from '../../logs/end-entries.js'
import type { LogStore } from '../../logs/store.js'
import { causeOf } from '../../output/causes/index.js'
import { explain } from './explain.js'

/** The end of a launch, in the words of whoever ends it. */
export interface End {
  readonly status: 'active' | 'failed' | 'terminated'
  readonly message?: string | undefined
  /** Where an active node serves. */
  readonly endpoint?: string | undefined
  readonly details?: string | undefined
  /** The code of a failure's cause. Without it, the cause is looked for in the log. */
  readonly code?: string | undefined
}

interface Where {
  nodeId: string
  store: Pick<LogStore, 'read'>
}

/**
 * The entry that ends a launch. Every end becomes an entry here: that of a launcher, of a command that
 * was piped, of a mark, and of a launch that was lost.
 */
export async function endEntry(end: End, where: Where): Promise<Draft> {
  if (end.status === 'active') return activeEntry(end.endpoint, end.message)
  if (end.status === 'terminated') return TERMINATED_ENTRY
  return failed(end, where)
}

async function failed({ message, details, code }: End, where: Where): Promise<Draft> {
  if (code !== undefined) {
    const { means, advice } = causeOf(code)
    const lines = message === undefined ? [advice] : [`${means} ${advice}`]
    const all = [...lines, ...(details === undefined ? [] : [details])].join('\n')
    return failedEntry({ message: message ?? means, details: all, code })
  }
  const said = message ?? 'The launch was marked as failed'
  const { code: _, ...explained } = await explain(
    { message: said, ...(details && { details }) },
    where,
  )
  return failedEntry(explained)
}
