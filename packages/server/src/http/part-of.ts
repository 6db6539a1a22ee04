import type { Operations, ParsedQuery } from '@launchtail/client/protocol'
import { HttpError, nodeNotFound } from '../errors.js'
import type { LaunchPlace } from '../nodes/node-launches.js'
import type { Registry } from '../nodes/registry.js'

/**
 * Where the launch is that is asked for, if one is. Throws 400 unless its node is named, and no other,
 * and 404 if the node has had no such launch.
 */
export async function partOf(
  registry: Pick<Registry, 'find' | 'launches'>,
  { node, launch }: Pick<ParsedQuery<Operations['countLogs']>, 'node' | 'launch'>,
): Promise<LaunchPlace | undefined> {
  if (launch === undefined) return undefined
  const [nodeId, ...others] = node ?? []
  if (nodeId === undefined || others.length > 0) {
    throw new HttpError(400, "'launch' needs exactly one 'node'")
  }
  if (!(await registry.find(nodeId))) throw nodeNotFound()
  return registry.launches.place(nodeId, launch)
}
