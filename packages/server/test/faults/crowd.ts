import { TOKEN } from '../support/processes.js'
import { startLoad } from './load-program.js'

/** Thousands of readers, and a sender for each node: bench/load/follow.c, a process of its own. */
export interface Crowd {
  /** From now on, something happens to all readers. Gives the milliseconds after which all are back. */
  mark(): Promise<number>
  /** Ends when each reader has all that was sent, or after a minute. */
  stop(): Promise<CrowdReport>
}

export interface CrowdReport {
  readonly sent: number
  readonly acknowledged: number
  readonly received: number
  /** Entries that readers have not got, and that they got twice or before or after their turn. */
  readonly lost: number
  readonly duplicated: number
  readonly skipped: number
  /** Events that say that a log is over, or that something is missing. */
  readonly told: number
  /** How often readers came again, and how often they got no stream. */
  readonly again: number
  readonly not_streams: number
  /** Requests of the senders that had to be sent again, by what came of them. */
  readonly refused: number
  readonly broken: number
  readonly unanswered: number
  /** Milliseconds: from the instant of an entry to its arrival, and from its first request to its answer. */
  readonly p99: number
  readonly append_p50: number
  readonly append_p99: number
  readonly append_max: number
}

export interface CrowdOptions {
  /** One, or two of which each has half of the connections. */
  ports: readonly number[]
  /** The port that senders use, where it is another one. */
  sendTo?: number
  /** They are called n0, n1 and so on. */
  nodes: number
  /** Of each node. */
  readers: number
  /** Entries a second in all. */
  rate: number
  /** Milliseconds after which a reader comes again, at most. */
  again: number
}

/** Seconds within which everybody must have everything once nothing bad happens any more. */
const SETTLE = 60

export async function startCrowd(options: CrowdOptions): Promise<Crowd> {
  const { ports, sendTo, nodes, readers, rate, again } = options
  const [port, other] = ports
  const { order, next } = await startLoad('follow', {
    port: port as number,
    ...(other !== undefined && { other }),
    ...(sendTo !== undefined && { sendto: sendTo }),
    headers: `X-Admin-Token: ${TOKEN}`,
    path: '/admin/nodes/n%d/logs/stream?tail=all',
    send: '/admin/nodes/n%d/logs',
    ...{ nodes, readers, rate, again, drain: SETTLE },
  })
  await next('open')
  return {
    async mark() {
      const live = next<{ ms: number }>('live')
      order('mark')
      return (await live).ms
    },
    stop() {
      const done = next<CrowdReport>('done')
      order('stop')
      return done
    },
  }
}
