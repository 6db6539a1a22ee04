import type { LaunchName } from '@launchtail/client/protocol'
import { HttpError, nodeNotFound } from '../errors.js'
import type { LaunchPlace } from '../nodes/node-launches.js'
import type { Registry } from '../nodes/registry.js'

/** Where a launch of the one node is that is asked for. Throws 400 if there are several. */
export async function placeOfLaunch(
  registry: Pick<Registry, 'find' | 'launches'>,
  nodes: ReadonlySet<string> | undefined,
  launch: LaunchName,
): Promise<LaunchPlace> {
  const [nodeId, ...others] = nodes ?? []
  if (nodeId === undefined || others.length > 0) {
    throw new HttpError(400, "'launch' needs exactly one 'node'")
  }
  if (!(await registry.find(nodeId))) throw nodeNotFound()
  return registry.launches.place(nodeId, launch)
}
