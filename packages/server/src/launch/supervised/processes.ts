import { setTimeout as sleep } from 'node:timers/promises'
import { type Family, membersOf } from './members.js'
import { type Identity, lookUp } from './process-table.js'

export { type Family, membersOf } from './members.js'
export type { Identity } from './process-table.js'

/** The living process with this number, if there is one. */
export function identify(pid: number): Identity | undefined {
  const found = lookUp(pid)
  return found && !found.dead ? { pid, started: found.started } : undefined
}

export function isAlive({ pid, started }: Identity): boolean {
  return identify(pid)?.started === started
}

/**
 * Ends all processes of a launch: SIGTERM, then SIGKILL for what is left after `grace` milliseconds. The
 * leader gets a moment longer, to write down how it ended. Returns when everything is gone. `except` is
 * spared.
 */
export async function endFamily(
  family: Family,
  { grace = 5000, except }: { grace?: number; except?: number } = {},
): Promise<void> {
  const spared = new Set([except])
  const asked = performance.now()
  const signalled = new Set<number>()
  let members: Identity[] = []
  for (;;) {
    members = membersOf(family, members)
    const left = members.filter(({ pid }) => !spared.has(pid))
    if (left.length === 0) return
    const elapsed = performance.now() - asked
    for (const one of left) {
      const { pid } = one
      const forced = elapsed >= (pid === family.leader?.pid ? grace + LEADERS_GRACE : grace)
      // A process of another user (`sudo`) cannot be signalled.
      if ((forced || !signalled.has(pid)) && !signal(one, forced ? 'SIGKILL' : 'SIGTERM')) {
        spared.add(pid)
      }
      signalled.add(pid)
    }
    // The whole list of processes is read each time, which may be long.
    await sleep(elapsed < 200 ? 20 : 100)
  }
}

const LEADERS_GRACE = 2000

/** False where this account may not do that. */
function signal(one: Identity, name: NodeJS.Signals): boolean {
  try {
    // Its number may have gone to another process since it was listed.
    return !isAlive(one) || process.kill(one.pid, name)
  } catch (error) {
    // Otherwise it has just ended by itself.
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
}
