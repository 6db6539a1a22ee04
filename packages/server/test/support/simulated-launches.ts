import type { LaunchOutcome, Phase } from '@launchtail/client/protocol'
import { seededRandom } from './seed.js'

/** A launch that never happened, with what is to be known of it. */
export interface SimulatedLaunch {
  readonly node: SimulatedNode
  readonly outcome: LaunchOutcome
  readonly code: string | undefined
  readonly endedAt: number
  readonly took: number
  readonly completed: readonly { readonly phase: Phase; readonly ms: number }[]
  readonly entries: readonly object[]
}

export interface SimulatedNode {
  readonly node_id: string
  readonly provider: string
  readonly region: string
  readonly gpu: string
  readonly model: string
  readonly use_spot: boolean
}

const PLACES = [
  ['aws', 'us-west-2'],
  ['aws', 'eu-central-1'],
  ['gcp', 'us-central1'],
  ['gcp', 'europe-west4'],
  ['azure', 'eastus'],
] as const
const STEPS: readonly [Phase, number][] = [
  ['queued', 2000],
  ['provisioning', 90_000],
  ['instance_ready', 8000],
  ['installing', 150_000],
  ['model_loading', 240_000],
  ['health_check', 5000],
]
const CODES = ['no_capacity', 'gated_model', 'gpu_out_of_memory', 'disk_full']

/** So many launches of so many nodes, one after the other on each node. */
export function simulateLaunches({ nodes, each }: { nodes: number; each: number }) {
  const random = seededRandom('launches')
  const start = Date.parse('2026-05-01T00:00:00Z')
  return Array.from({ length: nodes }, (_, n): SimulatedLaunch[] => {
    const [provider, region] = PLACES[n % PLACES.length] ?? PLACES[0]
    const node: SimulatedNode = {
      ...{ node_id: `simulated-${n}`, provider, region },
      gpu: ['L4', 'A100', 'H100'][n % 3] ?? '',
      model: `org/model-${n % 7}`,
      use_spot: n % 4 === 0,
    }
    let at = start + n * 1000
    return Array.from({ length: each }, () => {
      const launch = simulate(node, at, random)
      at = launch.endedAt + 60_000
      return launch
    })
  })
}

function simulate(node: SimulatedNode, start: number, random: () => number): SimulatedLaunch {
  const fate = random()
  const outcome = fate < 0.7 ? 'succeeded' : fate < 0.95 ? 'failed' : 'terminated'
  const reached = outcome === 'succeeded' ? STEPS.length : 1 + Math.floor(random() * STEPS.length)
  const code = CODES[Math.floor(random() * CODES.length)] ?? ''
  let at = start
  const completed: { phase: Phase; ms: number }[] = []
  const entries: object[] = []
  for (const [i, [phase, usual]] of STEPS.slice(0, reached).entries()) {
    entries.push({ phase, message: phase, timestamp: new Date(at).toISOString() })
    // Of a log-normal distribution, as such times are: a few take many times as long as most.
    const ms = Math.round(usual * Math.exp(0.8 * normal(random)))
    if (i < reached - 1 || outcome === 'succeeded') completed.push({ phase, ms })
    at += ms
  }
  entries.push({ timestamp: new Date(at).toISOString(), ...END[outcome](code) })
  return {
    ...{ node, outcome, endedAt: at, took: at - start, completed, entries },
    code: outcome === 'failed' ? code : undefined,
  }
}

const END = {
  succeeded: () => ({ phase: 'active', message: 'up' }),
  failed: (code: string) => ({
    ...{ phase: 'failed', level: 'error', message: 'it failed', details: `cause: ${code}` },
  }),
  terminated: () => ({ phase: 'failed', level: 'warn', message: 'Node terminated' }),
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** The value that this percentage of the values do not exceed. */
export function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN
}
