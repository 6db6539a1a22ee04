import type { Client, WholeGroup } from '@launchtail/client'
import { followAll } from '../follow-all.js'

export interface WaitOptions {
  quiet?: boolean | undefined
  timeout: number
  /** Only later entries. */
  since?: string | undefined
}

/** Shows the logs of a group until nothing is launched or replaced any more. */
export async function waitForGroup(
  client: Client,
  groupId: string,
  { quiet = false, timeout, since }: WaitOptions,
): Promise<WholeGroup> {
  const output = quiet ? 'none' : 'pretty'
  const events = (options: Parameters<Client['streamGroup']>[1]) =>
    client.streamGroup(groupId, options)
  await followAll(events, {
    output,
    tz: 'local',
    quiet,
    timeout,
    tail: 'all',
    ...(since !== undefined && { since }),
  })
  return client.getGroup(groupId)
}
