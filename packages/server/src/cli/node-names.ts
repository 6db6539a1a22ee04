import { ApiError, type Client, type NodeRecord } from '@launchtail/client'
import { CliError, EXIT } from './exit.js'

/** What a command takes for a node. */
export const NODE_ARGUMENT = 'its id, the id’s unique beginning, or its cluster name'

/** The id of the node a user means: an id, its unique beginning, or a cluster's name. */
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
    `"${name}" fits ${found.length} nodes: ${found.slice(0, 5).map(label).join(', ')}`,
  )
}

function label({ node_id, cluster_name }: NodeRecord): string {
  return cluster_name ? `${node_id} (${cluster_name})` : node_id
}
