import type { LaunchRequest } from '@launchtail/client/protocol'
import type { About } from '../nodes/rows.js'
import { createRedactor } from '../output/redact/index.js'

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

/** What the node serves, in the same way. */
export function modelOf({ model }: LaunchRequest, hidden: readonly string[]): Pick<About, 'model'> {
  const { redact } = createRedactor({ values: hidden })
  return model === undefined ? {} : { model: redact(model) }
}
