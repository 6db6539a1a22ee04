import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that no other is taken for, even when its number is given away again. */
export interface Identity {
  readonly pid: number
  /** When it began, in the system's own terms. */
  readonly started: string
}

/** The process with this number, or undefined where there is none (any more). */
export function identify(pid: number): Identity | undefined {
  const found = lookUp(pid)
  return found && !found.dead ? { pid, started: found.started } : undefined
}

export function isAlive({ pid, started }: Identity): boolean {
  return identify(pid)?.started === started
}

/**
 * The living processes of the session that `leader` leads: itself, its children, theirs, and those
 * that moved to a process group of their own, as `timeout` and job control do. They are found also
 * when the leader is gone; its number is not given away while one of them lives.
 */
export function membersOf(leader: Identity): Identity[] {
  if (!(leader.pid > 1)) return []
  const now = lookUp(leader.pid)
  if (now && now.started !== leader.started) return []
  // Of another start of the machine: whoever has that number now is a stranger.
  if (bootOf(leader.started) !== boot()) return []
  return [...everyone()].filter(
    (other) => !other.dead && (other.session === leader.pid || other.group === leader.pid),
  )
}

/**
 * Ends a session: SIGTERM, and SIGKILL for what is left after `grace` milliseconds; its leader is
 * left a moment more to tell how it ended. Returns when all of it is gone, at once where it is gone
 * already. `but` is spared.
 */
export async function endSession(
  leader: Identity,
  { grace = 5000, except }: { grace?: number; except?: number } = {},
): Promise<void> {
  const spared = new Set([except])
  const rest = () => membersOf(leader).filter(({ pid }) => !spared.has(pid))
  const asked = performance.now()
  const told = new Set<number>()
  for (let left = rest(); left.length > 0; left = rest()) {
    const late = performance.now() - asked
    for (const { pid } of left) {
      const forced = late >= (pid === leader.pid ? grace + LEADERS_GRACE : grace)
      // One that runs as somebody else (`sudo`) is out of our hands.
      if ((forced || !told.has(pid)) && !signal(pid, forced ? 'SIGKILL' : 'SIGTERM')) {
        spared.add(pid)
      }
      told.add(pid)
    }
    await sleep(20)
  }
}

const LEADERS_GRACE = 2000

/** False where we are not allowed to. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    // Else it went by itself in the meantime.
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
}

interface Found extends Identity {
  readonly group: number
  readonly session: number
  /** It has ended, and only its parent has not looked yet. */
  readonly dead: boolean
}

const LINUX = process.platform === 'linux'

function lookUp(pid: number): Found | undefined {
  if (LINUX) return fromProc(pid)
  return fromPs(['-p', String(pid)])[0]
}

function everyone(): Iterable<Found> {
  return LINUX ? allOfProc() : fromPs(['-A'])
}

function* allOfProc(): Generator<Found> {
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? fromProc(Number(name)) : undefined
    if (found) yield found
  }
}

/** proc_pid_stat(5): state is field 3, group 5, session 6, start time 22. */
function fromProc(pid: number): Found | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // ENOENT or ESRCH: there is no such process.
    return undefined
  }
  // The name in field 2 may hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', , group, session] = fields
  return {
    pid,
    started: `${boot()}/${fields[19]}`,
    group: Number(group),
    session: Number(session),
    dead: /[ZXx]/.test(state),
  }
}

/** Where there is no /proc. `ps` gives no session's number there, so the group must do. */
function fromPs(which: string[]): Found[] {
  let output: string
  try {
    const columns = ['-o', 'pid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart=']
    output = execFileSync('/bin/ps', [...which, ...columns], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    // `ps -p` fails where there is no such process.
    return []
  }
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line)
    if (!match) return []
    const [, pid, group, state = '', started = ''] = match
    const ids = { pid: Number(pid), group: Number(group), session: Number(group) }
    return [{ ...ids, started: `${boot()}/${started}`, dead: state.startsWith('Z') }]
  })
}

let bootId: string | undefined

/** This start of the machine: start times are counted from it. */
function boot(): string {
  if (bootId === undefined) {
    bootId = LINUX ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() : ''
  }
  return bootId
}

function bootOf(started: string): string {
  return started.slice(0, started.indexOf('/'))
}
