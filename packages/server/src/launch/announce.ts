import type { Draft } from '@launchtail/client/protocol'
import { offsetName } from './offset-name.js'
import type { Work } from './work.js'

/** Stores the launch's first entry, once. */
export async function announce({ launch, source, appender }: Work): Promise<void> {
  const draft: Draft = {
    message: `Node launch request queued: ${launch.clusterName}`,
    phase: 'queued',
    progress: 0,
  }
  const offset = { name: offsetName(source, 'begin'), from: 0, to: 1 }
  await appender.append(launch.nodeId, [draft], { offset })
}
