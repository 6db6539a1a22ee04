export interface ReplicaName {
  readonly service: string
  readonly replica: number
}

/** The name that SkyServe gives the cluster of a replica. A launch's cluster is named by it. */
export function replicaName({ service, replica }: ReplicaName): string {
  return `${service}-${replica}`
}

export function readReplicaName(clusterName: string): ReplicaName {
  const [, service = clusterName, replica = '0'] = /^(.+)-(\d{1,9})$/.exec(clusterName) ?? []
  return { service, replica: Number(replica) }
}

/** The first replica's launch brings the service up; the others wait for it. */
export function bringsUp({ replica }: ReplicaName): boolean {
  return replica === 1
}
