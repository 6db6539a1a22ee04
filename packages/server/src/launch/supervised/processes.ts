import { setTimeout as sleep } from 'node:timers/promises'
import { boot, bootOf, everyone, type Identity, lookUp } from './process-table.js'

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
 * The living processes of the session that `leader` leads: itself, its descendants, and those that moved
 * to a process group of their own, as `timeout` and job control do. They are found even when the leader
 * is gone, because its number is not reused while one of them lives.
 */
export function membersOf(leader: Identity): Identity[] {
  if (!(leader.pid > 1)) return []
  const now = lookUp(leader.pid)
  if (now && now.started !== leader.started) return []
  // From an earlier boot: a process that has this number now is another one.
  if (bootOf(leader.started) !== boot()) return []
  return [...everyone()].filter(
    (other) => !other.dead && (other.session === leader.pid || other.group === leader.pid),
  )
}

/**
 * Ends a session: SIGTERM, then SIGKILL for what is left after `grace` milliseconds. The leader gets a
 * moment longer, to write down how it ended. Returns when everything is gone. `except` is spared.
 */
export async function endSession(
  leader: Identity,
  { grace = 5000, except }: { grace?: number; except?: number } = {},
): Promise<void> {
  const spared = new Set([except])
  const rest = () => membersOf(leader).filter(({ pid }) => !spared.has(pid))
  const asked = performance.now()
  const signalled = new Set<number>()
  for (let left = rest(); left.length > 0; left = rest()) {
    const elapsed = performance.now() - asked
    for (const { pid } of left) {
      const forced = elapsed >= (pid === leader.pid ? grace + LEADERS_GRACE : grace)
      // A process of another user (`sudo`) cannot be signalled.
      if ((forced || !signalled.has(pid)) && !signal(pid, forced ? 'SIGKILL' : 'SIGTERM')) {
        spared.add(pid)
      }
      signalled.add(pid)
    }
    await sleep(20)
  }
}

const LEADERS_GRACE = 2000

/** False where this account may not do that. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    // Otherwise it has just ended by itself.
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
}
