import type { Client, WholeGroup } from '@launchtail/client'
import { followAll } from '../follow-all.js'

/** Shows the logs of a group until nothing is launched or replaced any more. */
export async function waitForGroup(
  client: Client,
  groupId: string,
  { quiet = false, timeout }: { quiet?: boolean | undefined; timeout: number },
): Promise<WholeGroup> {
  const output = quiet ? 'none' : 'pretty'
  const events = (options: Parameters<Client['streamGroup']>[1]) =>
    client.streamGroup(groupId, options)
  await followAll(events, { output, tz: 'local', quiet, timeout, tail: 'all' })
  return client.getGroup(groupId)
}
