import type { LaunchLine } from '../../../ingest/launch-line.js'
import type { Following } from './following.js'
import { readOutput } from './output.js'
import { isOver, type SkyResult } from './requests.js'

export interface KeptLines {
  /** How many lines the output had at an earlier reading. */
  readonly kept: number | undefined
  keep(count: number): void
}

/** Stands for a line that SkyPilot does not keep any more and that was not stored either. */
const LOST: LaunchLine = { text: '(a line that SkyPilot no longer has)', transient: false, end: 0 }

/**
 * Follows the output of a launch's request, and returns how the request ended; undefined where SkyPilot
 * does not know it any more.
 */
export async function followRequest(
  id: string,
  { api, outage, pace, signal, take }: Following,
  lines: KeptLines,
): Promise<SkyResult | undefined> {
  // What follows is counted on from here, so there must be as many lines at every reading.
  const { kept } = lines
  let count = 0
  let unknown = 0
  await readOutput({
    open: (stop) => api.output(id, stop),
    async over() {
      const now = await api.request(id, signal)
      unknown = now ? 0 : unknown + 1
      return now ? isOver(now.status) : unknown > 1
    },
    async take(lines) {
      const final = lines.filter(({ transient }) => !transient).length
      const more = kept === undefined ? lines : upTo(lines, kept - count)
      count += final
      await take(more)
    },
    outage,
    pace,
    signal,
  })
  if (kept === undefined) lines.keep(count)
  else if (count < kept) await take(Array.from({ length: kept - count }, () => LOST))
  if (unknown > 1) return undefined
  const isKnown = ({ status }: { status: number | undefined }) => status !== 404
  return outage.insist(() => api.result(id, signal), signal, isKnown)
}

/** The lines up to the first so many that are final. */
function upTo(lines: readonly LaunchLine[], most: number): readonly LaunchLine[] {
  let left = most
  return lines.filter(({ transient }) => {
    if (!transient) left -= 1
    return left >= 0
  })
}
