import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal, PHASES, type Phase } from '@launchtail/client/protocol'
import { type Folded, fold, UNFOLDED } from '../../src/nodes/fold.js'
import { TOKEN } from '../support/processes.js'

export interface LaunchesOptions {
  url: string
  nodeIds: readonly string[]
  /** Entries a second of all nodes. */
  rate: number
  /** Milliseconds that a node is in one phase. */
  phaseFor: number
}

/** Another program's launches: each node goes through all phases, again and again, and says a lot. */
export interface Launches {
  /** What each node's log must be. */
  readonly written: ReadonlyMap<string, readonly Line[]>
  /** Requests that had to be sent again, by what came of them. */
  readonly again: ReadonlyMap<string, number>
  /** Ends when what each node is being sent is acknowledged. */
  stop(): Promise<void>
}

export interface Line {
  readonly message: string
  readonly phase: Phase
}

/** Milliseconds between two requests for a node, and for an answer. */
const EVERY = 200
const PATIENCE = 10_000

/** A launch that ends well. It is followed by the next one at once: nothing is said while a node is active. */
const STEPS = PHASES.filter((phase) => !isTerminal(phase))

export function startLaunches({ url, nodeIds, rate, phaseFor }: LaunchesOptions): Launches {
  const written = new Map<string, Line[]>(nodeIds.map((id) => [id, []]))
  const again = new Map<string, number>()
  const each = Math.max(1, Math.round((rate * EVERY) / 1000 / nodeIds.length))
  let isOver = false
  const writing = Promise.all(nodeIds.map(write))
  return {
    written,
    again,
    async stop() {
      isOver = true
      await writing
    },
  }

  async function write(nodeId: string, place: number): Promise<void> {
    const lines = written.get(nodeId) as Line[]
    // Not all nodes at once.
    await sleep((EVERY * place) / nodeIds.length)
    const begun = performance.now()
    let before = 0
    for (let batch = 0; !isOver; batch += 1) {
      const step = Math.floor((performance.now() - begun) / phaseFor) % STEPS.length
      const steps = Array.from({ length: each }, () => STEPS[step] as Phase)
      const phases: Phase[] = step < before ? ['active', ...steps] : steps
      before = step
      const next = phases.map((phase, i) => ({
        message: `${nodeId} ${lines.length + i}, at ${performance.now()}`,
        phase,
      }))
      await sendUntilTaken(nodeId, `${nodeId}-${batch}`, next)
      lines.push(...next)
      await sleep(Math.max(0, (batch + 1) * EVERY - (performance.now() - begun)))
    }
  }

  async function sendUntilTaken(nodeId: string, key: string, lines: Line[]): Promise<void> {
    for (;;) {
      const outcome = await send(nodeId, key, lines)
      if (outcome === '202') return
      again.set(outcome, (again.get(outcome) ?? 0) + 1)
      await sleep(100)
    }
  }

  /** The key makes them the same entries, however often they are sent. */
  async function send(nodeId: string, key: string, lines: Line[]): Promise<string> {
    try {
      const answer = await fetch(`${url}/admin/nodes/${nodeId}/logs`, {
        method: 'POST',
        headers: {
          'X-Admin-Token': TOKEN,
          'Content-Type': 'application/json',
          'Idempotency-Key': key,
        },
        body: JSON.stringify(lines),
        signal: AbortSignal.timeout(PATIENCE),
      })
      await answer.text()
      return String(answer.status)
    } catch (error) {
      return (error as Error).name
    }
  }
}

/** What a node's record must say of its log. */
export function recordOf(lines: readonly Line[]) {
  const about = { timestamp: new Date(0).toISOString(), progress: 0, level: 'info' } as const
  const { phase, message, status } = lines.reduce<Folded>(
    (record, line, i) => fold(record, { ...about, ...line }, i),
    UNFOLDED,
  )
  return { phase, message, status }
}

/** The phases that a log enters, one after the other. */
export function enteredIn(lines: readonly Line[]): Phase[] {
  return lines.flatMap(({ phase }, i) => (phase === lines[i - 1]?.phase ? [] : [phase]))
}
