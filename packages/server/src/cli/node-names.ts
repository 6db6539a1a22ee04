import { ApiError, type Client, type NodeRecord } from '@launchtail/client'
import { CliError, EXIT } from './exit.js'

/** The help text of an argument that names a node. */
export const NODE_ARGUMENT = 'an id, a unique prefix of an id, or a cluster name'

/** The id of the node that a user names by an id, a unique prefix of it, or a cluster name. */
export async function resolveNode(client: Client, name: string): Promise<string> {
  try {
    return (await client.getNode(name)).node_id
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error
  }
  const { nodes } = await client.listNodes({ q: name, limit: 1000 })
  const named = nodes.filter(({ cluster_name }) => cluster_name === name)
  const found = named.length > 0 ? named : nodes.filter(({ node_id }) => node_id.startsWith(name))
  const [node, other] = found
  if (node && !other) return node.node_id
  if (!node)
    throw new CliError(`no node is called "${name}"; see "launchtail nodes"`, EXIT.notFound)
  throw new CliError(
    `"${name}" matches ${found.length} nodes: ${found.slice(0, 5).map(label).join(', ')}`,
  )
}

function label({ node_id, cluster_name }: NodeRecord): string {
  return cluster_name ? `${node_id} (${cluster_name})` : node_id
}
