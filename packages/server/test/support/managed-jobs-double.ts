/**
 * The routes for managed jobs of the double of SkyPilot's API server, as `sky/jobs/server` and
 * `sky/jobs/utils.py` of 0.14.1 have them in consolidation mode, a hundred times as fast.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { managedClusterName } from '../../src/launch/skypilot/jobs/cluster-name.js'
import type { Tape } from './tape.js'

interface ManagedJob {
  readonly id: number
  readonly name: string
  readonly cluster: string
  status: string
  recoveries: number
  recoveredAt: number
  reason: string | null
  readonly events: { new_status: string; reason: string; code: string | null; timestamp: string }[]
  /** The log of the newest attempt. */
  tape: Tape | undefined
}

export interface ManagedJobsDoubleOptions {
  /** Runs one attempt on its cluster: resolves with its job's end, or undefined where the cluster is lost. */
  attempt: (job: ManagedJob, number: number) => Promise<string | undefined>
  /** What happens before SkyPilot notices that a cluster is lost. */
  noticed: (job: ManagedJob) => Promise<void>
  /** Follows a log until it ends. */
  copy: (tape: Tape, res: ServerResponse, gone: AbortSignal) => Promise<void>
  /** A spinner's text as it is streamed. */
  control: (text: string) => string
  remove: (cluster: string) => unknown
}

export type { ManagedJob }

const OVER = /^(?:SUCCEEDED|CANCELLED|FAILED\w*)$/

export function managedJobsDouble({
  attempt,
  noticed,
  copy,
  control,
  remove,
}: ManagedJobsDoubleOptions) {
  const jobs = new Map<number, ManagedJob>()
  return { jobs, launch, queue, events, cancel, stream }

  function launch(name: string): ManagedJob {
    const id = jobs.size + 1
    const job: ManagedJob = {
      ...{ id, name, cluster: managedClusterName(name, id), status: 'PENDING' },
      ...{ recoveries: 0, recoveredAt: -1, reason: null, events: [], tape: undefined },
    }
    jobs.set(id, job)
    void run(job)
    return job
  }

  async function run(job: ManagedJob): Promise<void> {
    move(job, 'PENDING', 'Job submitted')
    await sleep(20)
    if (isCancelled(job)) return
    move(job, 'STARTING', 'Job is starting')
    for (let number = 1; ; number += 1) {
      const ended = await attempt(job, number)
      if (isCancelled(job)) return
      if (ended !== undefined) return move(job, ended, `Job ended: ${ended}`)
      await noticed(job)
      // It looks every 15 s.
      await sleep(150)
      move(job, 'RECOVERING', 'Cluster preempted or failed, recovering')
      await sleep(60)
      if (isCancelled(job)) return
      // `attempt` moves it on when its cluster is up.
    }
  }

  function move(job: ManagedJob, status: string, reason: string): void {
    const timestamp = new Date().toISOString()
    job.events.push({ new_status: status, reason, code: null, timestamp })
    job.status = status
  }

  function queue(body: { name_match?: string; job_ids?: number[]; fields?: string[] }): object {
    const { name_match: part = '', job_ids: ids, fields = [] } = body
    const found = [...jobs.values()].filter(
      ({ id, name }) => name.includes(part) && (ids === undefined || ids.includes(id)),
    )
    const total = found.length
    return { jobs: found.map(record), total, total_no_filter: jobs.size, status_counts: {} }

    function record(job: ManagedJob): object {
      const whole = {
        ...{ job_id: job.id, task_id: 0, status: job.status, job_name: job.name },
        ...{ recovery_count: job.recoveries, last_recovered_at: job.recoveredAt },
        ...{ failure_reason: job.reason, user_yaml: 'secret' },
      }
      const kept = new Set([...fields, 'job_id', 'task_id', 'status'])
      return Object.fromEntries(Object.entries(whole).filter(([name]) => kept.has(name)))
    }
  }

  /** The newest first. */
  function events(id: number): object[] {
    const list = jobs.get(id)?.events ?? []
    return [...list].reverse().map((event) => ({ spot_job_id: id, task_id: 0, ...event }))
  }

  function cancel(ids: readonly number[]): void {
    for (const job of ids.flatMap((id) => jobs.get(id) ?? [])) {
      if (OVER.test(job.status)) continue
      move(job, 'CANCELLING', 'Job is being cancelled')
      setTimeout(() => {
        remove(job.cluster)
        job.tape?.end()
        move(job, 'CANCELLED', 'Job was cancelled')
      }, 50)
    }
  }

  async function stream(id: number, res: ServerResponse): Promise<void> {
    res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    res.flushHeaders()
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    const job = jobs.get(id)
    if (!job) return void res.end(`Job ${id} not found.\n`)
    let said = ''
    while (!gone.signal.aborted) {
      if (OVER.test(job.status)) return finish(job, res)
      if (job.status === 'CANCELLING') return void res.end(managedEnd(job))
      if (job.status === 'RUNNING' && job.tape && !job.tape.ended()) {
        await copy(job.tape, res, gone.signal)
        if (gone.signal.aborted || res.destroyed) return
        if (job.tape.bytes().includes('✓ Job finished')) return void res.end(managedEnd(job))
        res.write('\x1b[33mThe job cluster is preempted or failed.\x1b[0m\n')
        res.write(control('Waiting for task status to be updated.[/] It may take a minute.'))
        await sleep(50)
      } else {
        const waits = `Waiting for task to start[/] (status: ${job.status}). It may take a few minutes.\n  Launching - Waiting for SSH access\n  [dim]View controller logs: sky jobs logs --controller ${id}`
        if (waits !== said) res.write(control(waits))
        said = waits
        await sleep(10)
      }
    }
  }

  /** What was kept of the log of the last attempt. */
  function finish({ status, tape, id, reason }: ManagedJob, res: ServerResponse): void {
    if (tape) {
      const kept = tape
        .bytes()
        .toString()
        .replace(/✓ Job finished .*\n/, '')
      res.end(`${kept}✓ Job finished (status: ${status}).\n`)
    } else {
      res.end(
        `\x1b[33mJob ${id} is already in terminal state ${status}. For more details, run: sky jobs logs --controller ${id}\x1b[0m\nFailure reason: ${reason}\n`,
      )
    }
  }
}

function isCancelled({ status }: ManagedJob): boolean {
  return /^CANCELL/.test(status)
}

function managedEnd({ id, status }: ManagedJob): string {
  return `\x1b[32m✓ Managed job finished: ${id} (status: ${status}).\x1b[0m\n`
}
