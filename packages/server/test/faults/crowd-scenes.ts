import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, redisCli } from '../support/processes.js'
import { rollOver } from './bad-days.js'
import { type Balancers, startBalancers } from './balancers.js'
import { type CrowdOptions, type CrowdReport, startCrowd } from './crowd.js'
import { type Fleet, startFleet } from './fleet.js'

export interface CrowdLoad extends Omit<CrowdOptions, 'ports'> {
  readonly servers: number
  readonly balancers: number
}

export interface RollingReport extends CrowdReport {
  /** What is wrong with the logs as they are kept. */
  readonly wrongLogs: readonly string[]
  /** The most readers that came to one server within a second, as a part of all. */
  readonly rush: number
}

/** Servers are stopped and started again, one after the other, under readers and senders. */
export async function rollUnderCrowd(load: CrowdLoad, rounds: number): Promise<RollingReport> {
  const { fleet, gate } = await start(load)
  const crowd = await startCrowd({ ...load, ports: gate.ports })
  await sleep(2000)
  const since = Date.now()
  await rollOver({ fleet }, rounds)
  const rush = (await gate.mostGiven(since)) / (load.nodes * load.readers)
  const report = await crowd.stop()
  return { ...report, wrongLogs: await wrongLogs(fleet, load.nodes, report), rush }
}

export interface StormReport extends CrowdReport {
  readonly wrongLogs: readonly string[]
  /** Milliseconds until all readers are back. */
  readonly back: number
  /** How often Redis was read more than usual meanwhile, for each list and server that watches it. */
  readonly reads: number
  /** Seconds of processor time meanwhile. */
  readonly cpu: { readonly servers: number; readonly balancers: number }
}

/** Milliseconds in which is counted how often lists are read anyhow, for the archives and the records. */
const USUAL = 3000

/** All readers are cut at once, and come again. Senders are not: they ask a server itself. */
export async function cutCrowd(load: CrowdLoad): Promise<StormReport> {
  // Otherwise lists are read twice a second, whatever happens.
  const { fleet, gate } = await start(load, { LAUNCHTAIL_POLL_INTERVAL: '60s' })
  const sendTo = Number(new URL((fleet.replicas[0] as RunningServer).url).port)
  const crowd = await startCrowd({ ...load, ports: gate.ports, sendTo })
  await sleep(2000)
  const before = await readsOf(fleet)
  await sleep(USUAL)
  const usual = (await readsOf(fleet)) - before
  const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const servers = fleet.replicas.map(({ child }) => child.pid as number)
  const spent = { servers: cpuOf(servers), balancers: cpuOf(gate.pids) }
  const live = crowd.mark()
  gate.cut()
  const back = await live
  const cpu = {
    servers: cpuOf(servers) - spent.servers,
    balancers: cpuOf(gate.pids) - spent.balancers,
  }
  const more = (await readsOf(fleet)) - before - usual - (usual * back) / USUAL
  const reads = more / load.nodes / load.servers
  await sleep(1000)
  const report = await crowd.stop()
  return { ...report, wrongLogs: await wrongLogs(fleet, load.nodes, report), back, reads, cpu }
}

async function start(
  { servers, balancers, nodes, readers }: CrowdLoad,
  env: Readonly<Record<string, string>> = {},
): Promise<{ fleet: Fleet; gate: Balancers }> {
  const fleet = await startFleet(servers, { env })
  // As docs/operations.md has it. To wait for the disk with each append is what a test of lost machines needs.
  await redisCli(fleet.redis.port, ['CONFIG', 'SET', 'appendfsync', 'everysec'])
  const ports = fleet.replicas.map(({ url }) => Number(new URL(url).port))
  const connections = Math.ceil((nodes * (readers + 1)) / balancers)
  const gate = await startBalancers(ports, { count: balancers, connections })
  const [first] = fleet.replicas as [RunningServer]
  for (let n = 0; n < nodes; n += 1) {
    const answer = await first.post('/admin/nodes', { node_id: `n${n}` })
    if (answer.status !== 201) throw new Error(`a node was answered with ${answer.status}`)
  }
  return { fleet, gate }
}

/** Each log must be the entries 0, 1, 2 and so on. */
async function wrongLogs(
  { replicas }: Fleet,
  nodes: number,
  { sent }: CrowdReport,
): Promise<string[]> {
  const wrong: string[] = []
  let kept = 0
  for (let n = 0; n < nodes; n += 1) {
    const answer = await (replicas[0] as RunningServer).fetch(`/admin/nodes/n${n}/logs?tail=all`)
    const { logs } = (await answer.json()) as { logs: { message: string }[] }
    kept += logs.length
    const at = logs.findIndex(({ message }, i) => !message.startsWith(`seq=${i} `))
    if (at >= 0) wrong.push(`entry ${at} of n${n} is ${logs[at]?.message}`)
  }
  if (kept !== sent) wrong.push(`${kept} entries are kept, and ${sent} were sent`)
  return wrong
}

/** Reads of lists by the servers. Those within the script that appends are counted by their own names. */
async function readsOf({ redis }: Fleet): Promise<number> {
  const text = await redisCli(redis.port, ['INFO', 'commandstats'])
  return Number(/^cmdstat_lrange:calls=(\d+)/m.exec(text)?.[1] ?? 0)
}

/** What a process has used so far, in user and kernel mode; the kernel counts hundredths. */
function cpuSeconds(pid: number): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(words[11]) + Number(words[12])) / 100
}
