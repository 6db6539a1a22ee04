import type { Phase } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import type { Past } from './past.js'
import type { PhaseHistory } from './phase-history.js'
import { launchingRows } from './reads.js'
import type { About } from './rows.js'

/** A launch that is under way, ours or one that is sent in. */
export interface Launching {
  nodeId: string
  phase: Phase
  /** How many entries of its list the record includes. */
  entries: number
  /** True if the newest entry says that the launch stalls. */
  stalled: boolean
  /** How long launches like it took. */
  past: Past
}

export async function readLaunching(
  database: Database,
  phaseHistory: Pick<PhaseHistory, 'of'>,
): Promise<Launching[]> {
  return Promise.all(
    (await launchingRows(database)).map(async ({ node_id, about, phase, folded, stalled }) => ({
      nodeId: node_id,
      phase,
      entries: folded,
      stalled: stalled !== 0,
      past: await phaseHistory.of(JSON.parse(about) as About),
    })),
  )
}
