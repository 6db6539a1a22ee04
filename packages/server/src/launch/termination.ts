import { nodeNotFound } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import { TERMINATED_ENTRY } from '../logs/end-entries.js'
import type { Registry } from '../nodes/registry.js'
import type { Keeping } from './keeping.js'
import type { LaunchRows } from './launch-rows.js'
import type { Runs } from './runs.js'

export interface TerminationOptions {
  rows: LaunchRows
  runs: Runs
  registry: Registry
  appender: Appender
  keeping: Pick<Keeping, 'letGo'>
  locked: <T>(act: () => Promise<T>, nodeId?: string) => Promise<T>
}

/** Terminates a node: its launch, if that is not over, or else its record alone. */
export function createTermination(options: TerminationOptions) {
  const { rows, runs, registry, appender, keeping, locked } = options
  return (nodeId: string): Promise<void> =>
    locked(async () => {
      // What its end has left is stored then.
      await runs.settled(nodeId)
      const run = runs.of(nodeId)
      const launchId = run?.isOver() ? undefined : await rows.unended(nodeId)
      if (launchId !== undefined) {
        // The process that runs it finds this when it renews its lease, if it is not this one.
        await rows.cancel(launchId)
        run?.cancel()
        return
      }
      const node = await registry.find(nodeId)
      if (!node) throw nodeNotFound()
      if (node.phase === 'failed') return keeping.letGo(nodeId)
      await appender.append(nodeId, [TERMINATED_ENTRY])
    }, nodeId)
}
