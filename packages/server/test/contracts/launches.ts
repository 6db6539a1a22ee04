import type { LaunchRequest, LogEntry, Phase } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { TERMINATED } from '../../src/logs/entry-text.js'
import * as scenarios from '../support/launch-scenarios.js'
import type { startLaunching } from '../support/launching.js'
import type { Double, DoubleOptions, Scenario } from '../support/skypilot-double.js'

export interface World {
  readonly api: Double
  start(): Promise<Awaited<ReturnType<typeof startLaunching>>>
  close(): Promise<void>
}

export interface ContractOptions {
  open: (options: DoubleOptions & { launchTimeout?: number }) => Promise<World>
  /** Milliseconds that are enough for a launch's output, and few enough to wait for. */
  short: number
}

interface Expected {
  scenario: () => Scenario
  request?: Partial<LaunchRequest>
  /** After `queued`: the phases in order, each with its first message. */
  phases: readonly (readonly [Phase, string])[]
  /** The cause; without one the launch succeeds. */
  code?: string
  /** It needs no transcripts. */
  own?: true
}

const made = (place: string, up: string, installs = '⚙︎ Syncing files.') =>
  [
    ['provisioning', place],
    ['instance_ready', up],
    ['installing', installs],
  ] as const
const NEBIUS = made('⚙︎ Launching on Nebius eu-north1.', '└── Instance is up.')
const READY = ['active', 'Node is ready and serving requests!'] as const
const VLLM = [
  ['model_loading', 'vLLM API server version 0.13.0+faa43dbf.nv26.01'],
  ['health_check', "Supported tasks: ['generate']"],
] as const
const SUBMITTED = '⚙︎ Job submitted, ID: 1'
const PLAIN = made('⚙︎ Launching on AWS us-east-1 (us-east-1a).', '└── Instance is up.', SUBMITTED)

const LAUNCHES: Record<string, Expected> = {
  'success in few words': {
    own: true,
    scenario: () => scenarios.plain({ held: true }),
    phases: [
      ...PLAIN,
      ['model_loading', 'vLLM API server version 0.13.0'],
      ['health_check', 'INFO:     Application startup complete.'],
      READY,
    ],
  },
  'no capacity in few words': {
    own: true,
    scenario: scenarios.plainNoCapacity,
    phases: [
      ['provisioning', '⚙︎ Launching on AWS us-east-1 (us-east-1a).'],
      ['failed', 'Failed to acquire resources in all zones in us-east-1 for {AWS}.'],
    ],
    code: 'no_capacity',
  },
  'CUDA out of memory in few words': {
    own: true,
    scenario: scenarios.plainOutOfMemory,
    phases: [
      ...PLAIN,
      ['model_loading', 'vLLM API server version 0.13.0'],
      ['failed', 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.'],
    ],
    code: 'gpu_out_of_memory',
  },
  'success on Nebius': {
    scenario: () => scenarios.success('nebius'),
    phases: [...NEBIUS, ...VLLM, READY],
  },
  'success on Slurm': {
    scenario: () => scenarios.success('slurm'),
    phases: [
      ...made('⚙︎ Launching on Slurm klone-login (ckpt).', '└── Instance is up.'),
      ...[...VLLM, READY],
    ],
  },
  'success on Kubernetes': {
    scenario: () => scenarios.success('kubernetes'),
    phases: [...made('⚙︎ Launching on Kubernetes.', '└── Pod is up.'), ...VLLM, READY],
  },
  'success on GCP, in the words of 2024': {
    scenario: () => scenarios.success('gcp'),
    phases: [
      [
        'provisioning',
        'To view detailed progress: tail -n100 -f /home/user/sky_logs/sky-2024-01-16-09-41-16-157615/provision.log',
      ],
      ['instance_ready', 'Head node is up.'],
      ['installing', 'Processing file mounts.'],
      ['model_loading', '/home/gcpuser/.nos/tmp/serve/docker-compose.sky_workdir.yml up'],
      ['health_check', 'INFO:     Started server process [1]'],
      READY,
    ],
  },
  'failover over zones, then success': {
    scenario: scenarios.zoneFailover,
    phases: [
      ['provisioning', '⚙️ Launching on GCP us-central1 (us-central1-a).'],
      [
        'instance_ready',
        '✓ Cluster launched: a100-8.  View logs at: ~/sky_logs/sky-2024-10-11-18-32-48-894132/provision.log',
      ],
      ['installing', SUBMITTED],
      ...[...VLLM, READY],
    ],
  },
  'failover over clouds, then success': {
    scenario: scenarios.cloudFailover,
    phases: [
      ...made('⚙️ Launching on Azure eastus.', '  Instance is up.', SUBMITTED),
      ...[...VLLM, READY],
    ],
  },
  'no capacity': {
    scenario: scenarios.noCapacity,
    phases: [
      ['provisioning', '⚙︎ Launching on Nebius eu-north1.'],
      ['failed', 'sky.exceptions.ResourcesUnavailableError: Failed to provision all possible'],
    ],
    code: 'no_capacity',
  },
  'no machine has the GPU': {
    scenario: scenarios.noMatchingGpu,
    phases: [['failed', "No resource satisfying Kubernetes({'T4': 1}) on Kubernetes."]],
    code: 'no_matching_instance',
  },
  'a setup that fails': {
    scenario: scenarios.setupFailure,
    phases: [...NEBIUS, ['failed', 'error: Failed to install: no space left']],
    code: 'setup_failed',
  },
  'a gated model': {
    scenario: scenarios.gatedModel,
    phases: [
      ...NEBIUS,
      ['model_loading', 'Automatically detected platform cpu.'],
      ['failed', 'requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: '],
    ],
    code: 'gated_model',
  },
  'CUDA out of memory': {
    scenario: scenarios.outOfMemory,
    phases: [
      ...NEBIUS,
      ['model_loading', 'vLLM API server version 0.11.0'],
      ['failed', 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 594.00 MiB.'],
    ],
    code: 'gpu_out_of_memory',
  },
  'a crash loop': {
    scenario: scenarios.crashLoop,
    phases: [
      ...NEBIUS,
      // vLLM's first line is a head without words.
      ['model_loading', ''],
      ['failed', "ValueError: moe_backend='triton' is not supported for NvFP4 MoE. Expected one"],
    ],
    code: 'bad_flag',
  },
  'a spot machine that is taken back': {
    scenario: scenarios.spotLoss,
    request: { use_spot: true },
    phases: [
      ...NEBIUS,
      ['model_loading', 'vLLM API server version 0.13.0+faa43dbf.nv26.01'],
      ['failed', 'the spot machine was preempted: the cluster cic-aws-local-h100-spot-'],
    ],
    code: 'preempted',
  },
}

const NAMES = Object.keys(LAUNCHES)
const terminal = ({ phase }: LogEntry) => phase === 'failed' || phase === 'active'
/** A loaded machine is slow, and what each launch runs are real processes. */
const timeout = 120_000

/** What every way of launching through SkyPilot makes of whole launches. */
export function launchesContract({ open, short }: ContractOptions): void {
  describe.concurrent('whole launches (in genuine words with LAUNCHTAIL_TRANSCRIPTS)', () => {
    let world: World
    let server: Awaited<ReturnType<World['start']>>
    beforeAll(async () => {
      // The number of the launch is the id of its node, of which its cluster's name has a part.
      world = await open({
        scenario: (cluster) => scenarioOf(NAMES[Number(cluster.slice(-6))]),
      })
      server = await world.start()
    })
    afterAll(() => world.close(), timeout)

    for (const [i, name] of NAMES.entries()) {
      const { request = {}, phases, code, own } = LAUNCHES[name] as Expected
      const skipped = !own && !scenarios.transcripts
      test.skipIf(skipped)(name, { timeout }, async ({ expect }) => {
        const node_id = String(i).padStart(6, '0')
        const { cluster_name } = await server.orchestrator.launch({ ...ANY, ...request, node_id })
        if (code === undefined) {
          await until(node_id, ({ phase }) => phase === 'health_check')
          world.api.pass('ready', cluster_name)
        }
        const entries = await until(node_id, terminal)
        expect(firsts(entries).map(([phase]) => phase)).toEqual([
          'queued',
          ...phases.map(([phase]) => phase),
        ])
        const [queued, ...rest] = firsts(entries)
        expect(queued?.[1]).toBe(`Node launch request queued: ${cluster_name}`)
        for (const [n, [, first]] of phases.entries()) {
          expect(rest[n]?.[1].slice(0, first.length)).toBe(first)
        }
        expect(entries.filter(terminal)).toEqual([entries.at(-1)])
        const progress = entries.flatMap((entry) => entry.progress ?? [])
        expect(progress).toEqual([...progress].sort((a, b) => a - b))
        await server.registry.flush()
        const node = await server.registry.get(node_id)
        const clusters = [...world.api.clusters.keys()]
        if (code === undefined) {
          expect(node).toMatchObject({ status: 'active', progress: 100 })
          expect(node?.endpoint).toBe(
            `http://127.0.0.1:${world.api.clusters.get(cluster_name)?.port}`,
          )
        } else {
          const phase = phases.at(-2)?.[0] ?? 'queued'
          expect(node).toMatchObject({ status: 'failed', failure: { code, phase } })
          expect(node?.failure?.advice).toMatch(/\w/)
          expect(clusters).not.toContain(cluster_name)
        }
        expect(world.api.launched.filter((launched) => launched === cluster_name)).toHaveLength(1)
      })
    }

    const genuine = test.skipIf(!scenarios.transcripts)

    genuine('a launch that is cancelled', { timeout }, async ({ expect }) => {
      const own = await open({ scenario: scenarios.stuck() })
      try {
        const { orchestrator, until, registry } = await own.start()
        await orchestrator.launch({ ...ANY, node_id: 'c' })
        await until('c', ({ phase }) => phase === 'provisioning')
        await orchestrator.terminate('c')
        const entries = await until('c', terminal)
        expect(firsts(entries).slice(1)).toEqual([
          ['provisioning', '⚙︎ Launching on Nebius eu-north1.'],
          ['failed', TERMINATED],
        ])
        await registry.flush()
        expect(await registry.get('c')).toMatchObject({ status: 'terminated' })
        expect([...own.api.clusters.keys()]).toEqual([])
      } finally {
        await own.close()
      }
    })

    genuine('a server that never gets ready', { timeout }, async ({ expect }) => {
      const own = await open({ scenario: scenarios.neverReady(), launchTimeout: short })
      try {
        const { orchestrator, until, registry } = await own.start()
        await orchestrator.launch({ ...ANY, node_id: 'h' })
        await until('h', ({ phase }) => phase === 'health_check')
        own.api.pass('ready')
        const entries = await until('h', terminal)
        const last = `not ready within ${short / 1000}s`
        expect(firsts(entries).slice(1)).toEqual([...NEBIUS, ...VLLM, ['failed', last]])
        await registry.flush()
        const failure = { code: 'health_timeout', phase: 'health_check' }
        expect(await registry.get('h')).toMatchObject({ status: 'failed', failure })
        expect([...own.api.clusters.keys()]).toEqual([])
      } finally {
        await own.close()
      }
    })

    async function until(nodeId: string, like: (entry: LogEntry) => boolean) {
      for (;;) {
        const entries = await server.list(nodeId)
        if (entries.some((entry) => like(entry) || terminal(entry))) return entries
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })
}

const ANY = { provider: 'aws', region: 'local', gpu: 'H100', model: 'm/m' }

function scenarioOf(name: string | undefined): Scenario {
  return (LAUNCHES[name ?? ''] as Expected).scenario()
}

/** Each phase with its first message. */
function firsts(entries: readonly LogEntry[]): [Phase, string][] {
  return entries
    .filter(({ phase }, i) => phase !== entries[i - 1]?.phase)
    .map(({ phase, message }) => [phase, message])
}
