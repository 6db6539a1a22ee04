import type { Client, Launched } from '@launchtail/client'
import { EXIT } from './exit.js'
import { showLogs } from './logs.js'

export interface LaunchedFlags {
  wait?: boolean
  timeout: number
  quiet?: boolean
}

/** Tells what was launched and, with `--wait`, shows its log until the launch is over. */
export async function tellLaunched(
  client: Client,
  { node_id: id, cluster_name: cluster }: Launched,
  { wait, timeout, quiet }: LaunchedFlags,
): Promise<void> {
  if (quiet) process.stdout.write(`${id}\n`)
  else process.stdout.write(`Launching ${cluster} (${id})\n`)
  if (!wait) return
  const output = quiet ? 'none' : 'pretty'
  const shown = showLogs(client, [id], { tail: 'all', output, timeout, quiet })
  process.once('exit', (code) => {
    if (code !== EXIT.interrupted) return
    process.stderr.write(
      `launchtail: the launch continues; "launchtail terminate ${id}" cancels it\n`,
    )
  })
  process.exitCode = await shown
}
