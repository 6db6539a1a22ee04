/**
 * A SkyPilot API server without SkyPilot: real HTTP, and answers in the forms SKYPILOT's own has.
 * What it launches is a scenario, whose output and end it plays.
 */
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/launch/local/port.js'
import { type ManagedJob, managedJobsDouble } from './managed-jobs-double.js'
import { type ServedReplica, servicesDouble } from './services-double.js'
import { createTape, type Tape } from './tape.js'

export interface Scenario {
  /** The request's output, and what happens meanwhile. */
  readonly request: readonly Step[]
  readonly result?: { readonly type: string; readonly message: string }
  /** The job's, from the wait for resources on. */
  readonly job?: readonly Step[]
  /** The job's end; without it, it runs on. */
  readonly jobEnds?: string
  /** A managed job's output after each of its recoveries. */
  readonly recovered?: readonly (readonly Step[])[]
  /** What happens before a managed job has its cluster. */
  readonly starting?: readonly Step[]
  /** What happens before SkyPilot notices that a managed job’s cluster is lost. */
  readonly noticed?: readonly Step[]
  /** How a managed job fails that never gets one. */
  readonly fails?: { readonly status: string; readonly reason: string }
}

export type Step =
  /** Bytes as they are: line ends too. */
  | { readonly text: string }
  | { readonly wait: number }
  /** The job gets another status. */
  | { readonly job: string }
  /** SkyPilot's own record of the cluster gets another step. */
  | { readonly event: string }
  /** What the probe beside the job prints, with the mark that its launch gave it. */
  | { readonly reports: string }
  /** The server on the cluster answers from here on, with this status. */
  | { readonly serves: number }
  /** The cluster is gone, without a word. */
  | { readonly lost: true }
  /** Until somebody has read what was printed so far. */
  | { readonly read: true }
  /** Until `pass(name)` is called, or `pass(name, cluster)` for this one. */
  | { readonly gate: string }

interface Request {
  readonly id: string
  readonly name: string
  readonly cluster: string | undefined
  readonly createdAt: number
  status: string
  value?: unknown
  error?: { type: string; message: string }
  readonly tape: Tape
  readonly stopping: AbortController
}

interface Cluster {
  status: string
  readonly port: number
  health: number | undefined
  readonly events: { reason: string; transitioned_at: number }[]
  /** The mark that the launch gave its probe. */
  halves?: string
  server?: Server
  readonly jobs: Map<number, Job>
}

interface Job {
  status: string
  readonly tape: Tape
  /** Its log was asked for, and was not there yet. */
  asked?: true
}

/** What is done with a request instead of, before or after it is answered. */
export type Hook = (call: {
  path: string
  body: Record<string, unknown>
  req: IncomingMessage
  res: ServerResponse
  /** Answers as it would have been. */
  go: () => Promise<void>
}) => Promise<void> | void

export interface DoubleOptions {
  scenario: Scenario | ((cluster: string) => Scenario)
  health?: Record<string, unknown>
  /** Where all clusters are. */
  cloud?: string
  token?: string
  /** Between two heartbeats, in milliseconds. */
  heartbeat?: number
  /** Bytes are sent in pieces of at most so many. */
  piece?: number
  /** The place opens no ports and has no endpoints, as Slurm. */
  closed?: boolean
  /** Launches wait for the gate `queue`, and until then their clusters are not listed. */
  queued?: boolean
  /** The n-th reading of a stream is cut after so many bytes. */
  cuts?: readonly number[]
  /** How the optimizer ends, and why a task is refused before that. */
  /** What becomes of a service’s replica of this number. */
  replica?: (id: number) => ServedReplica
  plan?: { table?: string; fault?: Request['error']; refused?: string }
}

export type Double = Awaited<ReturnType<typeof startDouble>>

export async function startDouble({
  scenario,
  health = {},
  cloud = 'AWS',
  token,
  heartbeat = 40,
  piece = 700,
  closed = false,
  queued = false,
  cuts = [],
  replica = () => ({ launch: [], job: [] }),
  plan = {},
}: DoubleOptions) {
  const requests = new Map<string, Request>()
  const clusters = new Map<string, Cluster>()
  const launched: string[] = []
  const tasks: string[] = []
  const calls: string[] = []
  const bodies: { path: string; body: Record<string, unknown> }[] = []
  const agents = new Set<string | undefined>()
  const gates = new EventEmitter().setMaxListeners(0)
  const passed = new Set<string>()
  const counts = { streams: 0, logs: 0, cuts: 0, refused: 0 }
  let costs: readonly Cost[] = []
  let hook: Hook | undefined
  let away = false
  let number = 0
  const server = createServer((req, res) => {
    void handle(req, res).catch(() => res.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const missing = (name: string) => ({
    type: 'sky.exceptions.ClusterDoesNotExist',
    message: `Cluster '${name}' does not exist.`,
  })

  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  const ACTS: Record<string, (request: Request, body: any) => Promise<void>> = {
    async '/launch'(request, body) {
      launched.push(body.cluster_name)
      tasks.push(body.task)
      const { request: steps, result, job: jobSteps = [], jobEnds } = how(body.cluster_name)
      const { signal } = request.stopping
      request.tape.write(control("Waiting for 'sky.launch' request to be scheduled: x"))
      await sleep(5)
      const queue = queued ? [{ gate: 'queue' }] : []
      await play(queue, request.tape, { name: body.cluster_name, signal })
      if (signal.aborted) return
      request.status = 'RUNNING'
      const cluster = await makeCluster(body.cluster_name, body.task)
      if (closed && JSON.parse(body.task).resources?.ports) {
        remove(body.cluster_name)
        const { infra } = JSON.parse(body.task).resources
        return finish(request, { error: infra === undefined ? NO_PORTS_ANYWHERE : NO_PORTS })
      }
      await play(steps, request.tape, { name: body.cluster_name, signal })
      if (signal.aborted) return
      if (result) {
        remove(body.cluster_name)
        return finish(request, { error: result })
      }
      cluster.status = 'UP'
      const job: Job = { status: 'INIT', tape: createTape() }
      const id = cluster.jobs.size + 1
      cluster.jobs.set(id, job)
      void play(jobSteps, job.tape, { name: body.cluster_name, job }).then(() => {
        if (!jobEnds) return
        job.status = jobEnds
        job.tape.write(`✓ Job finished (status: ${jobEnds}).\n`)
        job.tape.end()
      })
      finish(request, { value: { job_id: id, handle: 'gASVpickle' } })
    },
    async '/down'(request, body) {
      request.status = 'RUNNING'
      // As the real one: what has no cluster yet is not cancelled.
      for (const other of clusters.has(body.cluster_name) ? requests.values() : []) {
        if (other.cluster === body.cluster_name && other.name === 'sky.launch') stop(other)
      }
      await sleep(10)
      const there = remove(body.cluster_name)
      finish(request, there ? { value: null } : { error: missing(body.cluster_name) })
    },
    async '/cancel'(request, body) {
      const cluster = clusters.get(body.cluster_name)
      if (!cluster) return finish(request, { error: missing(body.cluster_name) })
      for (const job of cluster.jobs.values()) job.status = 'CANCELLED'
      finish(request, { value: null })
    },
    async '/api/cancel'(request, body) {
      if (body.request_ids === null) throw new Error('that would have been all of them')
      const ids = body.request_ids.filter((id: string) => {
        const other = requests.get(id)
        return other ? stop(other) : false
      })
      finish(request, { value: ids })
    },
    async '/jobs/launch'(request, body) {
      const { name } = JSON.parse(body.task)
      launched.push(name)
      tasks.push(body.task)
      await play(how(name).request, request.tape, { name, signal: request.stopping.signal })
      if (request.stopping.signal.aborted) return
      const { result } = how(name)
      if (result) return finish(request, { error: result })
      const { ports, infra } = JSON.parse(body.task).resources ?? {}
      if (closed && ports) {
        return finish(request, { error: infra === undefined ? NO_PORTS_ANYWHERE : NO_PORTS })
      }
      request.tape.write(`\x1b[33mLaunching managed job '${name}'...\x1b[0m\n`)
      const { id } = managed.launch(name)
      finish(request, { value: { job_id: [id], handle: 'gASVpickle' } })
    },
    async '/jobs/queue/v2'(request, body) {
      finish(request, { value: managed.queue(body) })
    },
    async '/jobs/events'(request, body) {
      finish(request, { value: managed.events(body.job_id) })
    },
    async '/jobs/cancel'(request, body) {
      managed.cancel(body.job_ids)
      finish(request, { value: null })
    },
    async '/serve/up'(request, body) {
      launched.push(body.service_name)
      tasks.push(body.task)
      const { request: steps, result } = how(body.service_name)
      const { signal } = request.stopping
      request.tape.write(`\x1b[33mLaunching controller for '${body.service_name}'...\x1b[0m\n`)
      await play(steps, request.tape, { name: body.service_name, signal })
      if (signal.aborted) return
      if (result) return finish(request, { error: result })
      const fault = services.up(body.service_name, body.task)
      if (fault) return finish(request, { error: fault })
      finish(request, { value: [body.service_name, `127.0.0.1:${SERVED_AT}`] })
    },
    async '/serve/status'(request, body) {
      finish(request, services.status(body.service_names))
    },
    async '/serve/down'(request, body) {
      const fault = services.down(body.service_names)
      finish(request, fault ? { error: fault } : { value: null })
    },
    async '/check'(request) {
      request.tape.write(CHECK)
      finish(request, { value: { default: { Slurm: ['compute'] } } })
    },
    async '/optimize'(request, body) {
      request.tape.write(control('Optimizing'))
      const { fault, table = CONSIDERED } = plan
      const { ports, infra } = JSON.parse(body.dag).resources ?? {}
      if (closed && ports) {
        return finish(request, { error: infra === undefined ? NO_PORTS_ANYWHERE : NO_PORTS })
      }
      if (fault) return finish(request, { error: fault })
      request.tape.write(table)
      finish(request, { value: null })
    },
    async '/status'(request, body) {
      const value = (body.cluster_names ?? [...clusters.keys()]).flatMap((name: string) => {
        const cluster = clusters.get(name)
        if (!cluster) return []
        return [{ name, status: cluster.status, cloud, region: 'x', ...unasked(body) }]
      })
      finish(request, { value })
    },
    async '/cost_report'(request, body) {
      const names: string[] | undefined = body.cluster_names
      finish(request, {
        value: costs.flatMap((cost) =>
          names?.includes(cost.name) === false ? [] : [costRecord(cost)],
        ),
      })
    },
    async '/endpoints'(request, body) {
      const cluster = clusters.get(body.cluster)
      if (!cluster) return finish(request, { error: missing(body.cluster) })
      if (closed) return finish(request, { error: noEndpoints(body.cluster) })
      finish(request, { value: { [body.port]: `127.0.0.1:${cluster.port}` } })
    },
    async '/cluster_events'(request, body) {
      const cluster = clusters.get(body.cluster_name)
      if (cluster) return finish(request, { value: cluster.events })
      const message = `Hash for cluster ${body.cluster_name} not found.`
      finish(request, { error: { type: 'ValueError', message } })
    },
    async '/job_status'(request, body) {
      const cluster = clusters.get(body.cluster_name)
      if (!cluster) return finish(request, { error: missing(body.cluster_name) })
      if (cluster.status !== 'UP') return finish(request, { error: notUp(body.cluster_name) })
      if (cluster.jobs.size === 0) return finish(request, { value: { null: null } })
      const ids: number[] = body.job_ids ?? [Math.max(...cluster.jobs.keys())]
      const entries = ids.map((id) => [id, cluster.jobs.get(id)?.status ?? null])
      finish(request, { value: Object.fromEntries(entries) })
    },
  }

  const managed = managedJobsDouble({ attempt, noticed, copy, control, remove })

  const services = servicesDouble({
    ...{ replica, copy, remove },
    play: (steps, tape, on) => play(steps, tape, on),
    makeCluster: (name) => makeCluster(name, '{}'),
    isThere: (name) => clusters.has(name),
  })

  return {
    ...{
      managed,
      services,
      url,
      requests,
      clusters,
      launched,
      tasks,
      calls,
      bodies,
      agents,
      counts,
      close,
      pass,
    },
    /** Nothing is answered, and what is being answered is cut. */
    setAway(now: boolean) {
      away = now
      if (away) server.closeAllConnections()
    },
    intercept(by: Hook | undefined) {
      hook = by
    },
    cut: () => server.closeAllConnections(),
    /** What clusters have cost, from now on. */
    report(these: readonly Cost[]) {
      costs = these
    },
    /** A cluster that another launch has left. */
    addCluster(name: string) {
      const cluster = { status: 'UP', port: 1, health: undefined, events: [], jobs: new Map() }
      clusters.set(name, cluster)
    },
    /** The cluster is gone, without a word. */
    lose: (name: string) => remove(name),
    /** Requests and their output are cleared away, as after a day. */
    forgetRequests: () => requests.clear(),
    /** It was killed with the requests it was at, and has started again. Jobs go on without it. */
    restart() {
      for (const { stopping, tape } of requests.values()) {
        stopping.abort()
        tape.end()
      }
      requests.clear()
      server.closeAllConnections()
    },
  }

  function how(name: string): Scenario {
    return typeof scenario === 'function' ? scenario(name) : scenario
  }

  async function makeCluster(name: string, task: string): Promise<Cluster> {
    const cluster: Cluster = clusters.get(name) ?? {
      status: 'INIT',
      port: await freePort(),
      health: undefined,
      events: [],
      jobs: new Map(),
    }
    clusters.set(name, cluster)
    cluster.halves = JSON.parse(task).envs?.LAUNCHTAIL_PROBE_MARK
    return cluster
  }

  function noticed({ name }: ManagedJob): Promise<void> {
    return play(how(name).noticed ?? [], createTape(), { name })
  }

  /** A managed job's cluster comes, its job runs, and either ends. */
  async function attempt(managedJob: ManagedJob, number: number): Promise<string | undefined> {
    const { cluster: name } = managedJob
    const { starting = [], job: first = [], recovered = [], jobEnds, fails } = how(managedJob.name)
    const cluster = await makeCluster(name, tasks.at(-1) ?? '{}')
    await play(starting, createTape(), { name })
    if (fails) {
      remove(name)
      managedJob.reason = fails.reason
      return fails.status
    }
    // It was cancelled meanwhile.
    if (!clusters.has(name)) return undefined
    cluster.status = 'UP'
    const job: Job = { status: 'INIT', tape: createTape() }
    cluster.jobs.set(1, job)
    managedJob.tape = job.tape
    const event = number === 1 ? 'Job has started' : 'Job has recovered'
    const timestamp = new Date().toISOString()
    managedJob.events.push({ new_status: 'RUNNING', reason: event, code: null, timestamp })
    managedJob.status = 'RUNNING'
    managedJob.recoveries = number - 1
    managedJob.recoveredAt = Date.now() / 1000
    await play(number === 1 ? first : (recovered[number - 2] ?? []), job.tape, { name, job })
    if (clusters.has(name) && jobEnds) {
      job.status = jobEnds
      job.tape.write(`✓ Job finished (status: ${jobEnds}).\n`)
      job.tape.end()
      await sleep(30)
      remove(name)
      return jobEnds
    }
    while (clusters.has(name)) await sleep(5)
    return undefined
  }

  async function close(): Promise<void> {
    for (const { stopping } of requests.values()) stopping.abort()
    for (const name of [...clusters.keys()]) remove(name)
    server.closeAllConnections()
    server.close()
    await once(server, 'close').catch(() => {})
  }

  function pass(gate: string, cluster?: string): void {
    passed.add(cluster === undefined ? gate : `${gate} ${cluster}`)
    gates.emit(gate)
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (away) {
      counts.refused += 1
      return void req.destroy()
    }
    const { pathname: path, searchParams: query } = new URL(req.url ?? '/', url)
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const body = text === '' ? {} : JSON.parse(text)
    calls.push(path)
    bodies.push({ path, body })
    agents.add(req.headers['user-agent'])
    const go = () => answer(path, query, body, req, res)
    if (hook) await hook({ path, body, req, res, go })
    else await go()
  }

  async function answer(
    path: string,
    query: URLSearchParams,
    // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
    body: any,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    if (path === '/api/health') {
      const usual = { status: 'healthy', api_version: '27', version: '0.11.0', commit: 'abc' }
      return json(res, 200, { ...usual, ...health })
    }
    if (token !== undefined && req.headers.authorization !== `Bearer ${token}`) {
      return json(res, 401, { detail: 'Authentication required' })
    }
    if (path === '/api/stream') return streamRequest(query, res)
    if (path === '/api/status') {
      const ids = query.getAll('request_ids')
      const all = [...requests.values()].filter(({ id, status }) =>
        ids.length > 0
          ? ids.some((prefix) => id.startsWith(prefix))
          : query.get('all_status') === 'true' || !OVER.has(status),
      )
      return json(res, 200, all.map(payload))
    }
    if (path === '/api/get') {
      const request = requests.get(query.get('request_id') ?? '')
      if (!request) return json(res, 404, { detail: 'Request not found' })
      while (!OVER.has(request.status)) await sleep(5)
      const failed = request.status === 'FAILED'
      return json(res, failed ? 500 : 200, failed ? { detail: payload(request) } : payload(request))
    }
    // Those that are done by a worker say how they went elsewhere.
    if (path === '/logs') return streamJob(body, res)
    if (path === '/jobs/logs') {
      counts.logs += 1
      return managed.stream(body.job_id, res)
    }
    if (path === '/serve/logs') {
      counts.logs += 1
      return services.stream(body, res)
    }
    if (path === '/validate') {
      if (plan.refused === undefined) return json(res, 200, null)
      const detail = { type: 'builtins.ValueError', message: plan.refused, object: 'gASVpickle' }
      return json(res, 400, { detail })
    }
    const act = ACTS[path]
    if (!act) return json(res, 404, { detail: 'Not Found' })
    const named = path === '/launch' || typeof body.service_name === 'string'
    const missing =
      (path === '/launch' || path === '/serve/up') && (typeof body.task !== 'string' || !named)
    if (missing) return json(res, 422, { detail: [{ loc: ['body', 'task'], msg: 'required' }] })
    const name = path.slice(1).replace('queue/v2', 'queue_v2').replace('/', '.')
    const isApi = path.startsWith('/api/')
    const request = begin(`sky.${isApi ? name.replace('.', '_') : name}`, body.cluster_name)
    void act(request, body).catch(() => {})
    res.setHeader('X-Skypilot-Request-ID', request.id)
    return json(res, 200, null)
  }

  function begin(name: string, cluster: string | undefined): Request {
    number += 1
    const request: Request = {
      id: `${String(number).padStart(8, '0')}-aaaa-bbbb`,
      ...{ name, cluster, createdAt: Date.now() / 1000, status: 'PENDING' },
      tape: createTape(),
      stopping: new AbortController(),
    }
    requests.set(request.id, request)
    return request
  }

  function finish(request: Request, how: { value?: unknown; error?: Request['error'] }): void {
    if (OVER.has(request.status)) return
    Object.assign(request, how)
    request.status = how.error ? 'FAILED' : 'SUCCEEDED'
    request.tape.end()
  }

  function stop(request: Request): boolean {
    if (OVER.has(request.status)) return false
    request.stopping.abort()
    request.status = 'CANCELLED'
    request.tape.write(`'${request.name}' request ${request.id} cancelled\n`)
    request.tape.end()
    return true
  }

  function remove(name: string): boolean {
    const cluster = clusters.get(name)
    clusters.delete(name)
    cluster?.server?.closeAllConnections()
    cluster?.server?.close()
    for (const job of cluster?.jobs.values() ?? []) job.tape.end()
    return cluster !== undefined
  }

  async function play(
    steps: readonly Step[],
    tape: Tape,
    { name, job, signal }: { name: string; job?: { status: string }; signal?: AbortSignal },
  ): Promise<void> {
    for (const step of steps) {
      if (signal?.aborted || (job && !clusters.has(name))) return
      if ('text' in step) tape.write(step.text)
      else if ('wait' in step) await sleep(step.wait)
      else if ('job' in step && job) job.status = step.job
      else if ('gate' in step) {
        while (!passed.has(step.gate) && !passed.has(`${step.gate} ${name}`)) {
          await once(gates, step.gate)
        }
      } else if ('read' in step) await tape.caughtUp()
      else if ('lost' in step) remove(name)
      else if ('event' in step) {
        const transitioned_at = Math.floor(Date.now() / 1000)
        clusters.get(name)?.events.push({ reason: step.event, transitioned_at })
      } else if ('reports' in step) tape.write(report(step.reports, name))
      else if ('serves' in step) await serve(name, step.serves)
    }
  }

  /** The port is the cluster's own where the report leaves it open. */
  function report(words: string, name: string): string {
    const { halves = '', port } = clusters.get(name) ?? {}
    const [first, second] = halves.split(' ')
    const said = words.includes('port=') ? words : `${words} port=${port}`
    return `\n\x1b[36m(task, pid=4711)\x1b[0m launchtail ${second}${first} ${said}\n`
  }

  async function serve(name: string, status: number): Promise<void> {
    const cluster = clusters.get(name)
    if (!cluster) return
    cluster.health = status
    if (cluster.server) return
    cluster.server = createServer((_, res) => {
      res.statusCode = cluster.health ?? 503
      res.end()
    })
    cluster.server.listen(cluster.port)
    await once(cluster.server, 'listening')
  }

  async function streamRequest(query: URLSearchParams, res: ServerResponse): Promise<void> {
    counts.streams += 1
    const request = requests.get(query.get('request_id') ?? '')
    if (!request) return json(res, 404, { detail: 'Request not found' })
    const console = query.get('format') === 'console'
    await replay(request.tape, res, console)
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  async function streamJob(body: any, res: ServerResponse): Promise<void> {
    counts.logs += 1
    const request = begin('sky.logs', body.cluster_name)
    res.setHeader('X-Skypilot-Request-ID', request.id)
    const cluster = clusters.get(body.cluster_name)
    if (cluster?.status !== 'UP') {
      finish(request, { error: missing(body.cluster_name) })
      res.end(`sky.exceptions.ClusterNotUpError: Cluster '${body.cluster_name}' is not up.\n`)
      return
    }
    const id = body.job_id ?? Math.max(...cluster.jobs.keys())
    const job = cluster.jobs.get(id)
    // The log is not there for a while.
    if (job && !job.asked) {
      job.asked = true
      res.end(`ERROR: Logs for job ${id} (status: INIT) does not exist after retrying 5 times.\n`)
      return finish(request, { value: 102 })
    }
    if (job) await replay(job.tape, res, false)
    finish(request, { value: 0 })
  }

  async function replay(tape: Tape, res: ServerResponse, console: boolean): Promise<void> {
    res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Accel-Buffering': 'no' })
    res.flushHeaders()
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    await copy(tape, res, gone.signal, console)
    res.end()
  }

  /** From the beginning, in pieces, and on until it ends; one that is cut is destroyed. */
  async function copy(
    tape: Tape,
    res: ServerResponse,
    gone: AbortSignal,
    console = false,
  ): Promise<void> {
    const most = cuts[counts.cuts] ?? Number.POSITIVE_INFINITY
    if (cuts.length > counts.cuts) counts.cuts += 1
    let at = 0
    let beaten = performance.now()
    while (!gone.aborted) {
      const bytes = tape.bytes()
      if (at < bytes.length) {
        const size = Math.min(piece, bytes.length - at, most - at)
        res.write(bytes.subarray(at, at + size))
        at += size
        tape.readUpTo(at)
        if (at >= most) return void res.destroy()
        // Each piece is a chunk of its own.
        await new Promise(setImmediate)
      } else if (tape.ended()) {
        return
      } else {
        await tape.more(gone, heartbeat)
        const whole = at === 0 || bytes[at - 1] === 10
        if (console && whole && performance.now() - beaten >= heartbeat) {
          beaten = performance.now()
          res.write('<sky-payload>"<heartbeat></heartbeat>"</sky-payload>\n')
        }
      }
    }
  }
}

export interface Cost {
  readonly name: string
  /** In seconds since 1970. */
  readonly launched_at: number
  /** In seconds. */
  readonly duration: number
  readonly total_cost: number
}

/** A record of `/cost_report` as SkyPilot 0.14.1 gives it with `dashboard_summary_response`. */
function costRecord({ name, launched_at, duration, total_cost }: Cost): object {
  return {
    ...{ name, launched_at, duration, num_nodes: 1, priority: null, priority_class: null },
    ...{
      cluster_hash: 'b5b0b1f6-5a9c-4d3e-9a43-0d2d8b1f6c11',
      status: null,
      user_name: 'launchtail',
    },
    ...{ workspace: 'default', last_event: null, node_names: null, last_creation_yaml: null },
    ...{ last_creation_command: null, total_cost, cloud: 'AWS', region: 'us-east-1', cpus: '16' },
    ...{ memory: '256', accelerators: "{'H100': 1}", resources_str: '1x(gpus=H100:1, ...)' },
  }
}

const SERVED_AT = 30001

const OVER = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED'])

/** A spinner's text as the console format has it. */
export function control(text: string): string {
  const said = JSON.stringify(`<rich_update>[bold cyan]${text}[/]</rich_update>`)
  return `<sky-payload>${said}</sky-payload>\n`
}

function payload(request: Request): object {
  const { id, name, status, cluster, createdAt, value, error } = request
  const said = error && { object: 'gASVpickle', type: error.type, message: error.message }
  return {
    ...{ request_id: id, name, status, cluster_name: cluster, created_at: createdAt },
    ...{ user_id: '0a1b2c3d', schedule_type: 'long', should_retry: false, pid: 1 },
    ...{ entrypoint: 'gASVpickle', request_body: 'gASVpickle', status_msg: null },
    return_value: JSON.stringify(value ?? null),
    error: said ? JSON.stringify(said) : null,
  }
}

/** The optimizer's table as SkyPilot 0.14.1 prints it. */
export const CONSIDERED = `Considered resources (1 node):
-------------------------------------------------------------------------------------------------\r
 INFRA                 INSTANCE         vCPUs   Mem(GB)   GPUS     COST ($)   CHOSEN   \r
-------------------------------------------------------------------------------------------------\r
 Slurm (lab)           -                4       16        A100:1   0.00                \r
 GCP (us-central1-b)   a2-highgpu-1g    12      85        A100:1   3.67       \x1b[32m   ✔\x1b[0m     \r
 AWS (us-east-1)       p4d[Spot]        96      1152      A100:8   9.83                \r
-------------------------------------------------------------------------------------------------
`

/** What SkyPilot 0.14.1 prints as it checks what is enabled, shortened. */
export const CHECK = `Checking credentials to enable infra for SkyPilot.
\x1b[2m  AWS: disabled \x1b[0m\x1b[0m
    Reason [compute, storage]: AWS dependencies are not installed. Run the following commands:
      $ pip install skypilot[aws]
\x1b[32m\x1b[22m  Slurm: enabled [compute]\x1b[0m
    Allowed clusters:
    ├── lab: \x1b[32menabled.\x1b[0m
    └── far: \x1b[31mdisabled. \x1b[0mReason: Failed to connect to the login node.\x1b[0m
    Hint [compute]: \x1b[93mNo MaxTime.\x1b[0m

To enable a cloud, follow the hints above and rerun: sky check

🎉 Enabled infra 🎉
  Slurm [compute]
    Allowed clusters:
    └── lab
`

/** As SkyPilot 0.14.1 refuses ports where only Slurm is enabled, and no place is named. */
const NO_PORTS_ANYWHERE = {
  type: 'builtins.ValueError',
  message:
    'No enabled clouds support opening ports. To fix: do not specify resources.ports, or enable a cloud that does support this feature.',
}

/** As SkyPilot 0.14.1 refuses ports on Slurm. */
const NO_PORTS = {
  type: 'sky.exceptions.NotSupportedError',
  message:
    'The following features are not supported by Slurm:\n\tFeature      Reason\n\topen_ports   Opening ports is not supported in Slurm.',
}

const notUp = (name: string) => ({
  type: 'sky.exceptions.ClusterNotUpError',
  message: `Getting job status: skipped for cluster '${name}' (status: INIT).`,
})

const noEndpoints = (name: string) => ({
  type: 'ValueError',
  message: `Querying endpoints is not supported for '${name}' on Slurm.`,
})

/** What the real one gives of a cluster unless the body refuses it. */
function unasked(body: { include_credentials?: boolean; include_handle?: boolean }): object {
  return {
    ...(body.include_credentials !== false && {
      credentials: { ssh_user: 'root', ssh_private_key_content: PRIVATE_KEY },
    }),
    ...(body.include_handle !== false && { handle: 'gASVpickle' }),
  }
}

const PRIVATE_KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----'

function json(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  res.writeHead(status, { 'Content-Type': 'application/json' })
  res.end(text)
}
