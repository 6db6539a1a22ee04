/**
 * The routes for services of the double of SkyPilot's API server, as `sky/serve/server` and
 * `sky/serve/replica_managers.py` of 0.14.1 have them, a hundred times as fast. Shapes and order of the
 * statuses are from that code: none of it was seen at a real controller.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Step } from './skypilot-double.js'
import { createTape, type Tape } from './tape.js'

export interface ServedReplica {
  /** The log of its launch. */
  readonly launch: readonly Step[]
  /** That of its job. `{ job: 'READY' }` has the readiness probe pass. A `lost` cluster is preempted. */
  readonly job: readonly Step[]
  /** How it fails after that. */
  readonly fails?: string
}

interface Replica {
  readonly id: number
  readonly cluster: string
  status: string
  readonly launchTape: Tape
  readonly jobTape: Tape
  readonly launchedAt: number
}

interface Service {
  readonly name: string
  status?: string
  readonly replicas: Replica[]
  next: number
}

type Fault = { type: string; message: string }

export interface ServicesDoubleOptions {
  replica: (id: number) => ServedReplica
  play: (
    steps: readonly Step[],
    tape: Tape,
    on: { name: string; job?: { status: string } },
  ) => Promise<void>
  makeCluster: (name: string) => Promise<unknown>
  isThere: (cluster: string) => boolean
  copy: (tape: Tape, res: ServerResponse, gone: AbortSignal) => Promise<void>
  remove: (cluster: string) => unknown
}

/** Said by `is_controller_accessible` where there is no controller. */
const NO_CONTROLLER: Fault = {
  type: 'sky.exceptions.ClusterNotUpError',
  message: 'No live services.',
}

const FAILED = /^(?:FAILED|UNKNOWN)/

export function servicesDouble(options: ServicesDoubleOptions) {
  const { replica: how, play, makeCluster, isThere, copy, remove } = options
  const services = new Map<string, Service>()
  let hasController = false
  return { services, up, status, down, stream, failController, launchReplica, takeDown }

  function up(name: string, task: string): Fault | undefined {
    const { service, resources } = JSON.parse(task)
    if (!service) return { type: 'RuntimeError', message: 'Service section not found.' }
    if (resources?.ports?.length !== 1) {
      const message = 'Must only specify one port in resources otherwise.'
      return { type: 'ValueError', message }
    }
    if (services.has(name)) {
      const message = 'Failed to spin up the service. Please check the logs above for more details.'
      return { type: 'RuntimeError', message }
    }
    hasController = true
    const made: Service = { name, replicas: [], next: 1 }
    services.set(name, made)
    for (let left = service.replicas; left > 0; left -= 1) launchReplica(name)
    return undefined
  }

  function launchReplica(name: string): void {
    const service = services.get(name)
    if (!service) return
    const id = service.next
    service.next += 1
    const replica: Replica = {
      ...{ id, cluster: `${name}-${id}`, status: 'PENDING', launchedAt: Date.now() / 1000 },
      ...{ launchTape: createTape(), jobTape: createTape() },
    }
    service.replicas.push(replica)
    void run(service, replica)
  }

  async function run(service: Service, replica: Replica): Promise<void> {
    const { id, cluster: name, launchTape, jobTape } = replica
    const { launch, job, fails } = how(id)
    await sleep(20)
    if (isEnding(service)) return
    replica.status = 'PROVISIONING'
    await makeCluster(name)
    await play(launch, launchTape, { name })
    launchTape.end()
    if (fails === 'FAILED_PROVISION') return fail(replica, fails)
    if (isEnding(service)) return
    replica.status = 'STARTING'
    await play(job, jobTape, { name, job: replica })
    if (isEnding(service)) return
    if (fails !== undefined) return fail(replica, fails)
    while (isThere(name)) await sleep(5)
    if (isEnding(service)) return
    replica.status = 'PREEMPTED'
    jobTape.end()
    await sleep(150)
    launchReplica(service.name)
    await sleep(150)
    service.replicas.splice(service.replicas.indexOf(replica), 1)
  }

  /** It is taken down first, and says meanwhile only that. */
  async function fail(replica: Replica, status: string): Promise<void> {
    replica.status = 'SHUTTING_DOWN'
    replica.jobTape.end()
    await sleep(100)
    remove(replica.cluster)
    replica.status = status
  }

  function isEnding({ name, status }: Service): boolean {
    return status === 'SHUTTING_DOWN' || !services.has(name)
  }

  /** It scales down, say. */
  function takeDown(name: string, id: number): void {
    const service = services.get(name)
    const replica = service?.replicas.find((one) => one.id === id)
    if (!service || !replica) return
    replica.status = 'SHUTTING_DOWN'
    replica.jobTape.end()
    setTimeout(() => service.replicas.splice(service.replicas.indexOf(replica), 1), 80)
  }

  function failController(name: string): void {
    const service = services.get(name)
    if (!service) return
    service.status = 'CONTROLLER_FAILED'
    for (const { cluster } of service.replicas.splice(0)) remove(cluster)
  }

  function status(names: string[] | null): { value?: unknown; error?: Fault } {
    if (!hasController) return { error: NO_CONTROLLER }
    const found = (names ?? [...services.keys()]).flatMap((name) => services.get(name) ?? [])
    return { value: found.map(record) }
  }

  function record(service: Service): object {
    const { name, replicas } = service
    const now = statusOf(service)
    return {
      ...{ name, active_versions: [1], controller_job_id: 1, uptime: 1764325000, status: now },
      ...{ controller_port: 20001, load_balancer_port: 30001, endpoint: 'http://127.0.0.1:30001' },
      ...{
        policy: `Fixed-size: ${replicas.length} replicas`,
        requested_resources_str: '1x[H100:1]',
      },
      ...{ load_balancing_policy: 'least_load', tls_encrypted: false, pool: false, version: 1 },
      ...{ pool_yaml: '', target_num_replicas: replicas.length, entrypoint: '', user_hash: '0a1b' },
      replica_info: replicas.map(({ id, cluster, status, launchedAt }) => ({
        ...{ replica_id: id, name: cluster, status, version: 1, replica_info_version: 3 },
        ...{ endpoint: `http://127.0.0.1:${9000 + id}`, is_spot: false, launched_at: launchedAt },
        ...{ cloud: 'AWS', region: 'x', resources_str: '1x(gpus=H100:1, ...)', infra: 'AWS (x)' },
        ...{ resources_str_full: '1x(gpus=H100:1, ...)', handle: null },
      })),
    }
  }

  /** As `ServiceStatus.from_replica_statuses`. */
  function statusOf({ status, replicas }: Service): string {
    if (status !== undefined) return status
    if (replicas.some((one) => one.status === 'READY')) return 'READY'
    if (replicas.some((one) => FAILED.test(one.status))) return 'FAILED'
    return replicas.length === 0 ? 'NO_REPLICA' : 'REPLICA_INIT'
  }

  function down(names: string[]): Fault | undefined {
    if (!hasController) return NO_CONTROLLER
    for (const service of names.flatMap((name) => services.get(name) ?? [])) {
      if (service.status === 'SHUTTING_DOWN') continue
      service.status = 'SHUTTING_DOWN'
      setTimeout(() => {
        for (const { cluster, jobTape, launchTape } of service.replicas.splice(0)) {
          remove(cluster)
          launchTape.end()
          jobTape.end()
        }
        services.delete(service.name)
      }, 80)
    }
    return undefined
  }

  async function stream(
    body: { service_name: string; target: string; replica_id: number | null },
    res: ServerResponse,
  ): Promise<void> {
    res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    res.flushHeaders()
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    const { service_name: name, replica_id: id } = body
    const service = services.get(name)
    if (!service) return void res.end(`Service '${name}' does not exist.\n`)
    res.write(`\x1b[33mStart streaming logs for launching process of replica ${id}.\x1b[0m\n`)
    const replica = service.replicas.find((one) => one.id === id)
    if (!replica) return void res.end(`\x1b[31mReplica ${id} doesn't exist.\x1b[0m\n`)
    await copy(replica.launchTape, res, gone.signal)
    if (gone.signal.aborted) return
    res.write(`\x1b[33mStart streaming logs for task job of replica ${id}...\x1b[0m\n`)
    await copy(replica.jobTape, res, gone.signal)
    res.end('\n')
  }
}
