import type { Group } from '@launchtail/client/protocol'

/** The service of SkyServe whose replicas are a group's nodes, as it is stored. */
export type StoredService = NonNullable<Group['service']>

export function serviceOf({
  service,
}: {
  readonly service: string | null
}): StoredService | undefined {
  return service === null ? undefined : (JSON.parse(service) as StoredService)
}
