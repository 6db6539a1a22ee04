import type { Client, LaunchedGroup } from '@launchtail/client'
import { EXIT } from '../exit.js'
import type { LaunchedFlags } from '../launched.js'
import { activeOf } from './group-text.js'
import { waitForGroup } from './wait.js'

/** Tells what was launched and, with `--wait`, shows its logs until all launches are over. */
export async function tellLaunchedGroup(
  client: Client,
  { group_id: id, replicas, nodes }: LaunchedGroup,
  { wait, quiet, timeout }: LaunchedFlags,
): Promise<void> {
  const names = nodes.map(({ node_id }) => node_id).join(', ')
  if (quiet) process.stdout.write(`${id}\n`)
  else process.stdout.write(`Launching ${replicas} nodes as group ${id}: ${names}\n`)
  if (!wait) return
  process.once('exit', (code) => {
    if (code !== EXIT.interrupted) return
    process.stderr.write(
      `launchtail: the launches continue; "launchtail group terminate ${id}" cancels them\n`,
    )
  })
  const group = await waitForGroup(client, id, { quiet, timeout })
  if (!quiet) process.stdout.write(`${id}: ${activeOf(group)} active\n`)
  process.exitCode = group.active === replicas ? EXIT.active : EXIT.failed
}
