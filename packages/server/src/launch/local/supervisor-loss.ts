import { existsSync } from 'node:fs'
import { type Identity, isAlive } from '../supervised/processes.js'

/** Tells when a launch's supervisor is lost, or the folder in which it writes. */
export function supervisorLoss({ own, leader }: { own: string; leader: Identity }) {
  return { isLost, reason }

  /** Without the folder nobody would ever learn how the launch ends. */
  function isLost(): boolean {
    return !isAlive(leader) || !existsSync(own)
  }

  function reason(): string {
    if (!existsSync(own)) return 'the folder of the launch is gone'
    return `the process that watched over the launch (${leader.pid}) is gone; what it had started was ended`
  }
}
