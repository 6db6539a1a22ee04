import { type Appender, Fenced } from '../logs/appender.js'
import type { Lease } from './lease.js'
import { offsetName } from './offset-name.js'

/**
 * An appender whose appends carry the lease's fencing token. Offsets alone keep raw lines from being
 * stored twice, and a progress bar, a word or the end of a launch has none that two owners share.
 */
export function fencedAppender(
  shared: Appender,
  { source, lease }: { source: string; lease: Pick<Lease, 'token' | 'lose'> },
): Appender {
  const fence = { name: offsetName(source, 'owner'), token: lease.token }
  return {
    ...shared,
    append: (nodeId, drafts, options) =>
      fenced(shared.append(nodeId, drafts, { ...options, fence })),
    appendWhile: (phase, nodeId, drafts, options) =>
      fenced(shared.appendWhile(phase, nodeId, drafts, { ...options, fence })),
  }

  async function fenced<T>(appended: Promise<T>): Promise<T> {
    try {
      return await appended
    } catch (error) {
      if (error instanceof Fenced) lease.lose()
      throw error
    }
  }
}
