// The machine: which core is whose, how many sockets a process may have, what /proc tells.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'

const cores = availableParallelism()
const pinned = cores > 1 && spawnSync('taskset', ['-V']).status === 0

/** What is measured has the first core to itself; the load, Redis and this process the second. */
export const SERVER = 0
export const LOAD = 1
/** For what is measured as it is used, where the collector's threads have a core to go to. */
export const ALL = `0-${cores - 1}`

/** A command that runs on one core, or on `ALL`. */
export function on(core, command) {
  return pinned ? ['taskset', '-c', String(core), ...command] : command
}

/** Lets this process, and what it starts meanwhile, run on all cores: a browser is no load client. */
export async function onAllCores(act) {
  if (!pinned) return act()
  const before = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]
  pin(ALL)
  try {
    return await act()
  } finally {
    pin(before)
  }
}

function pin(cores) {
  spawnSync('taskset', ['-c', '-p', cores, String(process.pid)])
}

/** Takes this process off the server's core, raises its limits, and says what could not be done. */
export function prepare(sockets) {
  const notes = []
  if (pinned) spawnSync('taskset', ['-c', '-p', String(LOAD), String(process.pid)])
  else notes.push('Processes are not pinned: that needs two cores and `taskset`.')
  let allowed = allowedFiles()
  if (allowed < sockets) {
    spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${sockets}:${sockets}`])
    allowed = allowedFiles()
    if (allowed < sockets) {
      notes.push(`\`ulimit -n\` may not go above ${allowed}: there are fewer readers.`)
    }
  }
  return { notes, sockets: Math.min(sockets, allowed) }
}

function allowedFiles() {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1])
}

/** Seconds of processor time that the processes have had, all their threads together. */
export function cpuSeconds(pids) {
  let nanoseconds = 0
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
      nanoseconds += Number(ran)
    }
  }
  return nanoseconds / 1e9
}

/** KiB of memory in RAM. */
export function residentKiB(pids) {
  let sum = 0
  for (const pid of pids) {
    sum += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
  }
  return sum
}

export function describe() {
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores (${cpus()[0].model.trim()}), ${memory} GiB, Node ${process.version}`
}
