/** Whole launches, joined from genuine transcripts (LAUNCHTAIL_TRANSCRIPTS names their folders). */
import { control, type Scenario, type Step } from './skypilot-double.js'
import { readTranscript } from './transcripts.js'

export { transcripts } from './transcripts.js'

/** Lines of a transcript, counted from 1; both ends are part of it. */
function lines(file: string, from = 1, to = Number.POSITIVE_INFINITY): string[] {
  return readTranscript(file)
    .replace(/\n$/, '')
    .split('\n')
    .slice(from - 1, to)
}

const SPINNERS = ['1/3 - initializing', '2/3 - dependencies', '3/3 - runtime']

/** SkyPilot's own output as its API server streams it: coloured, and with spinners in between. */
function request(text: readonly string[]): Step[] {
  return text.flatMap((line): Step[] => {
    const step = { text: `\x1b[32m${line}\x1b[0m\n` }
    if (/Launching on/.test(line)) return [step, { text: control('Launching') }]
    if (!/(?:Instance is|Instances are|Pod is|Head node is) up/.test(line)) return [step]
    const runtime = SPINNERS.map((what) => ({
      text: control(`Preparing SkyPilot runtime (${what})`),
    }))
    return [step, ...runtime]
  })
}

const BEGIN = [
  '├── Waiting for task resources on 1 node.',
  '└── Job started. Streaming logs... (Ctrl-C to exit log streaming; job will not be killed)',
]

/** The job's output; its bars are drawn over and over. */
function job(setup: readonly string[], run: readonly string[]): Step[] {
  return [
    { text: `${BEGIN.join('\n')}\n` },
    { job: 'SETTING_UP' },
    ...setup.map((line) => ({ text: `${line}\n` })),
    { job: 'RUNNING' },
    ...run.map((line) => ({ text: taskLine(line) })),
  ]
}

/** Bars come without the prefix, and end in `\r` until they are full. */
function taskLine(line: string): string {
  if (!/\d%/.test(line)) return `(task, pid=4711) ${line}\n`
  return / 100%|Completed \| (\d+)\/\1 /.test(line) ? `${line}\n` : `${line}\r`
}

const setup = () => lines('k8s-skyserve-vllm-setup-error.log', 6, 26)
const vllm = () => lines('vllm-0.13-startup-ok.log', 24)
const nebius = () => lines('nebius-h100-basic.log', 3, 15)

/** The server answers only when a test has seen what it said before. */
const READY: Step = { gate: 'ready' }

/** From a request that was accepted to a server that answers, once that is let through. */
export function success(cloud: 'nebius' | 'slurm' | 'kubernetes' | 'gcp'): Scenario {
  const parts = {
    nebius: [nebius(), setup(), vllm()],
    slurm: [lines('slurm-a40-nvidia-smi.log', 2, 14), setup(), vllm()],
    kubernetes: [lines('k8s-relaunch-workdir-agent.log', 2, 9), setup(), vllm()],
    gcp: [
      lines('gcp-t4-docker-compose-serve.log', 1, 17),
      [],
      lines('gcp-t4-docker-compose-serve.log', 21).map((line) => line.replace(/^\([^)]*\) /, '')),
    ],
  }[cloud] as [string[], string[], string[]]
  const [sky, installing, run] = parts
  return {
    request: request(sky),
    job: [...job(installing, run), READY, { serves: 503 }, { wait: 150 }, { serves: 200 }],
  }
}

/** Places that have none, then one that has. */
export function zoneFailover(): Scenario {
  const sky = [...lines('gcp-zone-failover-a100.log', 4), '⚙︎ Job submitted, ID: 1']
  return { ...success('nebius'), request: request(sky) }
}

export function cloudFailover(): Scenario {
  const sky = [...lines('azure-to-gcp-failover-a100x8.log'), '⚙︎ Job submitted, ID: 1']
  return { ...success('nebius'), request: request(sky) }
}

export function noCapacity(): Scenario {
  const failure = lines('runpod-no-capacity.log')
  return {
    request: request([...nebius().slice(0, 8), ...failure]),
    result: {
      type: 'sky.exceptions.ResourcesUnavailableError',
      message: failure
        .slice(1)
        .join('\n')
        .replace(/^sky\.exceptions\.\w+: /, ''),
    },
  }
}

export function noMatchingGpu(): Scenario {
  const failure = lines('k8s-no-matching-gpu.log', 2)
  return {
    request: request(failure.slice(0, 2)),
    result: {
      type: 'sky.exceptions.ResourcesUnavailableError',
      message: failure
        .slice(2)
        .join('\n')
        .replace(/^sky\.exceptions\.\w+: /, ''),
    },
  }
}

export function setupFailure(): Scenario {
  const failing = [
    ...setup(),
    '(setup pid=1293) error: Failed to install: no space left',
    "ERROR: Job 1's setup failed with return code list: [1]",
  ]
  return { request: request(nebius()), job: job(failing, []), jobEnds: 'FAILED_SETUP' }
}

export function gatedModel(): Scenario {
  const run = lines('vllm-gated-model-401.log')
  return { request: request(nebius()), job: job(setup(), run), jobEnds: 'FAILED' }
}

export function outOfMemory(): Scenario {
  const run = lines('vllm-oom-sampler-warmup.log')
  const begins = [
    '(APIServer pid=1) INFO 03-03 19:33:40 [api_server.py:1] vLLM API server version 0.11.0',
  ]
  return { request: request(nebius()), job: job(setup(), [...begins, ...run]), jobEnds: 'FAILED' }
}

/** The server is started again, fails again, and then the job ends. */
export function crashLoop(): Scenario {
  const run = lines('vllm-0.20-bad-flag-crash-restart.log')
  const begins = run.slice(9)
  return {
    request: request(nebius()),
    job: job(setup(), [...begins, ...run, ...run]),
    jobEnds: 'FAILED',
  }
}

/** It provisions on and on. */
export function stuck(): Scenario {
  return { request: [...request(nebius().slice(0, 8)), { gate: 'never' }] }
}

/** All is said, and the server never answers that it is ready. */
export function neverReady(): Scenario {
  return {
    request: request(nebius()),
    job: [...job(setup(), vllm()), READY, { serves: 503 }],
  }
}

/** The machine is taken back, without a word, while the model is being loaded. */
export function spotLoss(): Scenario {
  const run = vllm().slice(0, 30)
  return { request: request(nebius()), job: [...job(setup(), run), { read: true }, { lost: true }] }
}

/** In few words: what SkyPilot says when no place has what is wanted. */
export function plainNoCapacity(): Scenario {
  const message =
    'Failed to provision all possible launchable resources. Relax the requirements: 1x AWS(H100:1)'
  return {
    request: [
      ...['Considered resources (1 node):', '⚙︎ Launching on AWS us-east-1 (us-east-1a).'],
      'W 01-02 03:04:05 x.py:1] Failed to acquire resources in all zones in us-east-1 for {AWS}.',
      ...[
        '⨯ Failed to provision resources.',
        `sky.exceptions.ResourcesUnavailableError: ${message}`,
      ],
    ].map((line) => ({ text: `${line}\n` })),
    result: { type: 'sky.exceptions.ResourcesUnavailableError', message },
  }
}

/** In few words: a server that has too little memory. */
export function plainOutOfMemory(): Scenario {
  const said = [
    'INFO 01-02 03:04:05 [api_server.py:1] vLLM API server version 0.13.0',
    'ERROR 01-02 03:04:06 [core.py:1] EngineCore failed to start.',
    'ERROR 01-02 03:04:06 [core.py:1] Traceback (most recent call last):',
    'ERROR 01-02 03:04:06 [core.py:1]   File "core.py", line 1, in run_engine_core',
    'ERROR 01-02 03:04:06 [core.py:1] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.',
    'RuntimeError: Engine core initialization failed. See root cause above.',
  ]
  return { ...plain(), job: job(['a package is installed'], said), jobEnds: 'FAILED' }
}

/** A launch that needs no transcript: some lines, and gates to stop it at; `held` is the last. */
export function plain({ gated = false, held = false } = {}): Scenario {
  const gate = (name: string): Step[] => (gated ? [{ gate: name }] : [])
  const request: Step[] = [
    'Considered resources (1 node):',
    '⚙︎ Launching on AWS us-east-1 (us-east-1a).',
    '└── Instance is up.',
    '✓ Cluster launched: x.  View logs: sky logs --provision x',
  ].map((line) => ({ text: `${line}\n` }))
  return {
    request: [
      ...request.slice(0, 2),
      ...gate('provisioning'),
      ...request.slice(2),
      { text: '⚙︎ Job submitted, ID: 1\n' },
    ],
    job: [
      { text: `${BEGIN.join('\n')}\n` },
      ...Array.from({ length: 20 }, (_, i) => ({ text: `(setup pid=7) step ${i}\n` })),
      { job: 'RUNNING' },
      { text: '(task, pid=7) INFO 01-01 00:00:00 [a.py:1] vLLM API server version 0.13.0\n' },
      ...gate('loading'),
      { text: '(task, pid=7) INFO:     Application startup complete.\n' },
      ...(held ? [READY] : []),
      { serves: 200 },
    ],
  }
}
