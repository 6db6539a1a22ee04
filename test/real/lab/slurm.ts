import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../packages/server/src/launch/local/port.js'
import { run, start, until } from './processes.js'

/** Slurm is told of more CPUs than there are, so that a test can fill some and leave some. */
export const CPUS = 32
const MEMORY = 64_000
/** A second partition, which a single job fills. SkyPilot remembers which partitions there are. */
export const NARROW = 'narrow'
export const NARROW_CPUS = 2

export interface Slurm {
  readonly host: string
  /** Runs one of Slurm's commands, and returns what it prints. */
  command(name: string, ...args: string[]): Promise<string>
  /** The jobs of a cluster that are queued or running; `all` counts those that have ended, too. */
  jobsOf(cluster: string, options?: { all?: boolean }): Promise<string[]>
  /** Ends a cluster's jobs, as an administrator would. */
  cancel(cluster: string): Promise<void>
}

/** Starts munge and a Slurm of one node, this machine. All of their files are in the folder. */
export async function startSlurm(folder: string, env: NodeJS.ProcessEnv): Promise<Slurm> {
  const host = hostname().split('.')[0] ?? 'localhost'
  const file = join(folder, 'slurm.conf')
  const key = join(folder, 'munge.key')
  const socket = join(folder, 'munge.socket')
  for (const name of ['spool', 'state', 'log']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(key, randomBytes(1024), { mode: 0o400 })
  const ports = { controller: await freePort(), node: await freePort() }
  writeFileSync(file, settings({ folder, host, socket, ports }))

  const log = (name: string) => ({ env, log: join(folder, 'log', `${name}.out`) })
  const munge = ['socket', 'key-file', 'pid-file', 'seed-file', 'log-file']
  const files = munge.map(
    (name) => `--${name}=${join(folder, `munge.${name.replace('-file', '')}`)}`,
  )
  start('/usr/sbin/munged', ['--foreground', '--force', ...files], log('munged'))
  await until('munge to answer', () =>
    run('munge', ['-n', '-S', socket], { env }).catch(() => false),
  )
  start('/usr/sbin/slurmctld', ['-D', '-i', '-f', file], log('slurmctld'))
  start('/usr/sbin/slurmd', ['-D', '-f', file], log('slurmd'))
  await until('Slurm’s node to be idle', async () =>
    (await command('sinfo', '-h', '-o', '%T').catch(() => '')).includes('idle'),
  )
  return { host, command, jobsOf, cancel }

  function command(name: string, ...args: string[]): Promise<string> {
    return run(name, args, { env, within: 20_000 })
  }

  async function jobsOf(cluster: string, { all = false } = {}): Promise<string[]> {
    const states = all ? ['-t', 'all'] : []
    const lines = (await command('squeue', '-h', '-o', '%i %j', ...states)).split('\n')
    const jobs = lines.map((line) => line.trim().split(' '))
    // SkyPilot puts the user's hash behind a cluster's name.
    return jobs.flatMap(([id, name]) => (id && name?.startsWith(`${cluster}-`) ? [id] : []))
  }

  async function cancel(cluster: string): Promise<void> {
    for (const id of await jobsOf(cluster)) await command('scancel', id)
  }
}

interface Settings {
  folder: string
  host: string
  socket: string
  ports: { controller: number; node: number }
}

/**
 * SkyPilot wants a partition with a MaxTime, and memory can be asked for only with CR_Core_Memory.
 * Jobs that have ended stay listed for a day, so that a test can count them.
 */
function settings({ folder, host, socket, ports }: Settings): string {
  return `
ClusterName=lab
SlurmctldHost=${host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=${socket}
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort=${ports.controller}
SlurmdPort=${ports.node}
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmdSpoolDir=${folder}/spool
StateSaveLocation=${folder}/state
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MinJobAge=86400
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${CPUS} RealMemory=${MEMORY} State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=1-00:00:00 State=UP
PartitionName=${NARROW} Nodes=${host} MaxCPUsPerNode=${NARROW_CPUS} MaxTime=1-00:00:00 State=UP
`
}
