import { markText } from '../../supervised/mark.js'
import { endFamily, type Identity } from '../../supervised/processes.js'

/**
 * Ends the supervisor and the `sky` it runs. The API server that `sky` may have started on this machine
 * has left their session, serves others too, and goes on.
 */
export function endSupervisor(folder: string, leader: Identity | undefined): Promise<void> {
  return endFamily({ leader, mark: markText(folder) })
}
