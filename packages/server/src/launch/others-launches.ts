import type { Database } from '../database/open.js'
import type { NodeSecrets } from '../output/node-secrets.js'
import { secretValuesOf } from './launch-secrets.js'
import type { Runs } from './runs.js'
import { readRequest } from './stored-launch.js'

export interface OthersLaunchesOptions {
  database: Database
  key: Buffer
  runs: Pick<Runs, 'isRunning'>
  /** What is sent in to this server may contain the secrets of a launch that another one runs. */
  secrets: NodeSecrets
  /** Called for a launch that is to end: this server may run it. */
  onCancelled: () => Promise<void>
}

/** What this server must know of the launches that others run. */
export function createOthersLaunches(options: OthersLaunchesOptions) {
  const { database, key, runs, secrets, onCancelled } = options
  return { changed, readAll }

  async function changed(launchId: string): Promise<void> {
    const row = await rows().where('launch_id', '=', launchId).executeTakeFirst()
    if (!row) return
    if (row.state === 'cancelling') await onCancelled()
    if (row.state !== 'ended') hold(row)
    else if (!runs.isRunning(row.node_id)) secrets.release(row.node_id)
  }

  async function readAll(): Promise<void> {
    for (const row of await rows().where('state', '!=', 'ended').execute()) hold(row)
    await onCancelled()
  }

  function rows() {
    return database.selectFrom('launches').select(['launch_id', 'node_id', 'state', 'secrets'])
  }

  function hold(row: { launch_id: string; node_id: string; secrets: string | null }): void {
    const request = readRequest(row, key)
    if (request) secrets.hold(row.node_id, secretValuesOf(request))
  }
}
