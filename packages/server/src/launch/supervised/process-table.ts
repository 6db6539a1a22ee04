import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process, told apart from any later one that gets the same number. */
export interface Identity {
  readonly pid: number
  /** When it started, in the system's own form. */
  readonly started: string
}

/** A process as the system lists it. */
export interface Listed extends Identity {
  readonly group: number
  readonly session: number
  /** True where it has ended and its parent has not asked for its exit code yet. */
  readonly dead: boolean
}

const LINUX = process.platform === 'linux'

export function lookUp(pid: number): Listed | undefined {
  if (LINUX) return fromProc(pid)
  return fromPs(['-p', String(pid)])[0]
}

export function everyone(): Iterable<Listed> {
  return LINUX ? allOfProc() : fromPs(['-A'])
}

function* allOfProc(): Generator<Listed> {
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? fromProc(Number(name)) : undefined
    if (found) yield found
  }
}

/** proc_pid_stat(5): state is field 3, group 5, session 6, start time 22. */
function fromProc(pid: number): Listed | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // ENOENT or ESRCH: there is no such process.
    return undefined
  }
  // The name in field 2 may contain blanks and parentheses.
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

/** For systems without /proc. Their `ps` has no session id, so the process group has to do. */
function fromPs(which: string[]): Listed[] {
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

/** Identifies this boot of the machine, which start times are counted from. */
export function boot(): string {
  if (bootId === undefined) {
    bootId = LINUX ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() : ''
  }
  return bootId
}

export function bootOf(started: string): string {
  return started.slice(0, started.indexOf('/'))
}
