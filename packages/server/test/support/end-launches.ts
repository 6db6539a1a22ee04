import type { NodeRecord } from '@launchtail/client'
import { type RunningServer, until } from './processes.js'

/** Terminates all nodes that a server has launched, which would outlive it, and waits until they are gone. */
export async function endLaunches(server: RunningServer): Promise<void> {
  for (const { node_id } of await running()) {
    await server.post(`/admin/nodes/${node_id}/terminate`, '')
  }
  await until('all launches to end', async () => (await running()).length === 0)

  async function running(): Promise<NodeRecord[]> {
    const answer = await server.fetch('/admin/nodes?limit=1000')
    const { nodes } = (await answer.json()) as { nodes: NodeRecord[] }
    return nodes.filter(
      ({ status, cluster_name }) =>
        cluster_name !== '' && (status === 'active' || status === 'launching'),
    )
  }
}
