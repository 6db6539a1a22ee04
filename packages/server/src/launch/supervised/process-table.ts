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
  readonly parent: number
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

/** proc_pid_stat(5): state is field 3, parent 4, group 5, session 6, start time 22. */
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
  const [state = '', parent, group, session] = fields
  return {
    pid,
    started: `${boot()}/${fields[19]}`,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    dead: /[ZXx]/.test(state),
  }
}

/** For systems without /proc. Their `ps` has no session id, so the process group has to do. */
function fromPs(which: string[]): Listed[] {
  let output: string
  try {
    const columns = ['-o', 'pid=', '-o', 'ppid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart=']
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
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line)
    if (!match) return []
    const [, pid, parent, group, state = '', started = ''] = match
    const ids = { pid: Number(pid), parent: Number(parent), group: Number(group) }
    return [
      { ...ids, session: ids.group, started: `${boot()}/${started}`, dead: state.startsWith('Z') },
    ]
  })
}

/** True if the process was started with this entry in its environment. Other systems do not show it. */
export function bearsMark(pid: number, mark: string): boolean {
  return `\0${procFile(pid, 'environ')}`.includes(`\0${mark}\0`)
}

/** The words that the process was started with; undefined where the system does not show them. */
export function commandOf(pid: number): string[] | undefined {
  return LINUX ? procFile(pid, 'cmdline').split('\0') : undefined
}

/** Empty where there is no such process, or it belongs to another account. */
function procFile(pid: number, name: 'environ' | 'cmdline'): string {
  try {
    return LINUX ? readFileSync(`/proc/${pid}/${name}`, 'utf8') : ''
  } catch {
    return ''
  }
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

/** The start time within a boot, for comparisons. Other systems tell it in words: then it is 0. */
export function startOf(started: string): number {
  return LINUX ? Number(started.slice(started.indexOf('/') + 1)) : 0
}
