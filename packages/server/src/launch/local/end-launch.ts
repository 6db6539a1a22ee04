import { markText } from '../supervised/mark.js'
import { endFamily, type Identity } from '../supervised/processes.js'

/** Ends everything that a local launch has started. Its supervisor need not be known. */
export function endLaunch(folder: string, leader: Identity | undefined): Promise<void> {
  return endFamily({ leader, mark: markText(folder), descendants: true })
}
