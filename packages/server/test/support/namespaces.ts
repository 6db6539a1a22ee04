/** Machines of their own in the network, as far as Linux lets an account make them. */
import { execFileSync, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { onTestFinished } from 'vitest'
import { until } from './processes.js'

/** What a command is started with to be on a machine of its own. Its loopback is up. */
export const ALONE = ['unshare', '-Urn', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh']

/** Whether this account may make network namespaces, and has the means. */
export function canBeAlone(): boolean {
  const [file = '', ...args] = [...ALONE, ...'ip link add one type veth'.split(' ')]
  try {
    execFileSync(file, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What a command is started with to be on the machine of that process. */
export function on(pid: number): string[] {
  return ['nsenter', '-t', String(pid), '-U', '-n', '--preserve-credentials']
}

/** Runs a command on the machine of that process; what it prints. */
export function runOn(pid: number, ...command: string[]): string {
  const [file = '', ...args] = [...on(pid), ...command]
  return execFileSync(file, args, { encoding: 'utf8' })
}

export interface Neighbour {
  /** A process on it. */
  readonly pid: number
  /** From now on nothing reaches it, and nothing comes from it. */
  vanish(): void
}

/**
 * A second machine with a wire to that of a process: `10.9.0.1` and `fd09::1` are that one's
 * addresses, `10.9.0.2` and `fd09::2` its own.
 */
export async function startNeighbour(of: number): Promise<Neighbour> {
  const [file = '', ...args] = [...on(of), 'unshare', '-n', 'sleep', '600']
  const child = spawn(file, args, { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const pid = child.pid as number
  await until('the machine to be there', async () =>
    (await readFile(`/proc/${pid}/comm`, 'utf8')).startsWith('sleep'),
  )
  runOn(of, ...`ip link add near type veth peer name far netns ${pid}`.split(' '))
  runOn(of, 'sh', '-c', up('near', 1))
  runOn(pid, 'sh', '-c', up('far', 2))
  return { pid, vanish: () => void runOn(pid, 'ip', 'link', 'set', 'far', 'down') }
}

function up(end: string, host: number): string {
  return [
    'ip link set lo up',
    `ip addr add 10.9.0.${host}/24 dev ${end}`,
    `ip addr add fd09::${host}/64 dev ${end} nodad`,
    `ip link set ${end} up`,
  ].join(' && ')
}
