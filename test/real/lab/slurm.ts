import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, relative } from 'node:path'
import { freePort } from '../../../packages/server/src/launch/local/port.js'
import { run, start, until } from './processes.js'

/** Slurm is told of more CPUs than there are, so that a test can fill some and leave some. */
export const CPUS = 32
const MEMORY = 64_000
/** A second partition, which a single job fills. SkyPilot remembers which partitions there are. */
export const NARROW = 'narrow'
export const NARROW_CPUS = 2
/** A partition of both machines. */
export const PAIR = 'pair'

export interface Slurm {
  readonly host: string
  /** Runs one of Slurm's commands, and returns what it prints. */
  command(name: string, ...args: string[]): Promise<string>
  /** The jobs of a cluster that are queued or running; `all` counts those that have ended, too. */
  jobsOf(cluster: string, options?: { all?: boolean }): Promise<string[]>
  /** Ends a cluster's jobs, as an administrator would. */
  cancel(cluster: string): Promise<void>
}

/** The second machine: this one under another name and address, with a `/tmp` of its own. */
export const SECOND = { name: 'second', address: '127.0.0.2' }

/** Starts munge and a Slurm of two nodes, both this machine. All of their files are in the folder. */
export async function startSlurm(folder: string, env: NodeJS.ProcessEnv): Promise<Slurm> {
  const host = hostname().split('.')[0] ?? 'localhost'
  const file = join(folder, 'slurm.conf')
  const ofNodes = join(folder, 'slurm-of-nodes.conf')
  const key = join(folder, 'munge.key')
  const socket = join(folder, 'munge.socket')
  for (const name of ['spool', 'state', 'log']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(key, randomBytes(1024), { mode: 0o400 })
  const ports = { controller: await freePort(), node: await freePort() }
  const text = settings({ folder, host, socket, ports })
  writeFileSync(file, text)
  // Each node listens at its own address only. `srun` does so everywhere, or nothing would reach it.
  writeFileSync(ofNodes, `${text}CommunicationParameters=NoInAddrAny\n`)

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
  const hosts = readFileSync('/etc/hosts', 'utf8')
  const names = `127.0.0.1 ${host}\n${SECOND.address} ${SECOND.name}\n`
  writeFileSync(join(folder, 'hosts'), names + hosts)
  const slurmd = `exec /usr/sbin/slurmd -D -f ${ofNodes}`
  start('unshare', ['-m', 'sh', '-ec', named(folder, slurmd)], log('slurmd'))
  const itsTmp = join(folder, 'second-tmp')
  mkdirSync(join(itsTmp, relative('/tmp', folder)), { recursive: true })
  const second = named(folder, elsewhere(folder, slurmd))
  start('unshare', ['-u', '-m', 'sh', '-ec', second], log('slurmd-second'))
  await until('Slurm’s nodes to be idle', async () => {
    const states = await command('sinfo', '-h', '-N', '-o', '%T', '-p', PAIR).catch(() => '')
    return states.trim() === 'idle\nidle'
  })
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

/** A script that acts where both machines have their names: SkyPilot's jobs look each other up. */
function named(folder: string, act: string): string {
  return `mount --bind ${folder}/hosts /etc/hosts\n${act}`
}

/** A script that acts on the second machine: SkyPilot's runtime on each node is in `/tmp`. */
function elsewhere(folder: string, act: string): string {
  return [
    `hostname ${SECOND.name}`,
    `mount --bind ${folder} /mnt`,
    'mount --bind /mnt/second-tmp /tmp',
    `mount --bind /mnt ${folder}`,
    act,
  ].join('\n')
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
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmdSpoolDir=${folder}/spool/%n
StateSaveLocation=${folder}/state
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd-%n.log
SlurmdParameters=config_overrides
DebugFlags=NO_CONF_HASH
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
NodeName=${SECOND.name} NodeAddr=${SECOND.address} CPUs=${CPUS} RealMemory=${MEMORY} State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=1-00:00:00 State=UP
PartitionName=${NARROW} Nodes=${host} MaxCPUsPerNode=${NARROW_CPUS} MaxTime=1-00:00:00 State=UP
PartitionName=${PAIR} Nodes=${host},${SECOND.name} MaxTime=1-00:00:00 State=UP
`
}
