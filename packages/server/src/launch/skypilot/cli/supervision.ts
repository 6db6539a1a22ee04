import { existsSync } from 'node:fs'
import { backOff } from '@launchtail/client/async'
import type { Launch } from '../../launcher.js'
import { type Identity, isAlive } from '../../supervised/processes.js'
import { readSupervisor } from '../../supervised/spawn.js'
import type { Pace } from '../pace.js'
import { endSupervisor } from './end-supervisor.js'
import { cliFiles } from './files.js'

export interface SupervisionOptions {
  launch: Launch
  pace: Pace
  /** Starts the supervisor again, which goes on where the last one was. */
  restart: () => Promise<Identity>
}

export interface Supervision {
  /** Replaces a supervisor that died. `lost` where it died before the launch was submitted. */
  check(): Promise<'fine' | 'lost'>
  /** Ends the supervisor and all that it has started. */
  end(): Promise<void>
}

/** Looks after a launch's supervisor. */
export function watchSupervisor({ launch, pace, restart }: SupervisionOptions): Supervision {
  const files = cliFiles(launch.folder)
  let leader: Identity | undefined = readSupervisor(launch.folder)
  let restarts = 0
  // One that dies again and again must not keep the machine busy.
  let notBefore = Number.NEGATIVE_INFINITY
  return { check, end }

  async function check(): Promise<'fine' | 'lost'> {
    if ((leader && isAlive(leader)) || existsSync(files.end)) return 'fine'
    await end()
    if (!existsSync(files.launched)) return 'lost'
    if (performance.now() < notBefore) return 'fine'
    leader = await restart()
    notBefore = performance.now() + backOff(restarts, pace)
    restarts += 1
    return 'fine'
  }

  async function end(): Promise<void> {
    await endSupervisor(launch.folder, leader)
  }
}
