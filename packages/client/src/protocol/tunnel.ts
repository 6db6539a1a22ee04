import type { NodeRecord } from './node.js'

/** The command that brings a port of a cluster's first node to this machine: SkyPilot names it for ssh. */
export function tunnelTo(clusterName: string, port: number): string {
  return `ssh -L ${port}:127.0.0.1:${port} ${clusterName}`
}

/** How to reach a node that only its cluster can reach; undefined for any other. */
export function tunnelOf({
  cluster_name,
  endpoint,
  reachable,
  status,
}: Pick<NodeRecord, 'cluster_name' | 'endpoint' | 'reachable' | 'status'>): string | undefined {
  if (reachable !== false || status !== 'active' || cluster_name === '') return undefined
  const port = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).port : ''
  return port === '' ? undefined : tunnelTo(cluster_name, Number(port))
}
