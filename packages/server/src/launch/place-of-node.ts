import type { LaunchRequest } from '@launchtail/client/protocol'
import type { About } from '../nodes/rows.js'
import { createRedactor } from '../output/redact/index.js'
import { parseTask } from './task.js'

/** Where a node is launched, for its record. No secret is shown there, wherever it was put. */
export function placeOfNode(
  { provider, region, gpu, gpu_count, use_spot }: LaunchRequest,
  hidden: readonly string[],
) {
  const { redact } = createRedactor({ values: hidden })
  return {
    provider: redact(provider),
    region: redact(region),
    gpu: redact(gpu),
    ...(gpu_count !== undefined && { gpu_count }),
    ...(use_spot !== undefined && { use_spot }),
  } satisfies About
}

/** What the node serves, and whom, in the same way. The registry hides what labels have. */
export function useOfNode(
  { model, owner, labels, task, num_nodes }: LaunchRequest,
  hidden: readonly string[],
): Pick<About, 'model' | 'owner' | 'labels' | 'num_nodes'> {
  const { redact } = createRedactor({ values: hidden })
  const machines = num_nodes ?? (task === undefined ? 1 : parseTask(task).numNodes)
  const shown = Object.entries(labels ?? {}).map(([name, value]) => [redact(name), redact(value)])
  return {
    ...(model !== undefined && { model: redact(model) }),
    ...(owner !== undefined && { owner: redact(owner) }),
    ...(labels && { labels: Object.fromEntries(shown) }),
    ...(machines > 1 && { num_nodes: machines }),
  }
}
