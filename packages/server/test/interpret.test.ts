import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Draft,
  isTerminal,
  type LaunchState,
  NOT_LAUNCHED,
  PHASE_TABLE,
  type Phase,
  phaseOrder,
} from '@launchtail/client/protocol'
import { describe, expect, it } from 'vitest'
import { cleanLine } from '../src/output/clean.js'
import { createReader, interpret } from '../src/output/interpret/index.js'
import { lineDecoder } from '../src/output/lines.js'
import { peel } from '../src/output/peel.js'
import { createRedactor } from '../src/output/redact/index.js'
import { TOOLS } from '../src/output/tools/index.js'
import { wordsOf } from '../src/output/words.js'
import { fc } from './support/property.js'
import { readTranscript, transcriptFiles, transcripts } from './support/transcripts.js'

/** The drafts of an output, as the launcher makes them; bars' passing states are left out. */
function drafts(chunks: readonly (string | Uint8Array)[], from?: LaunchState): Draft[] {
  return byLine(chunks, from).filter((draft) => draft !== undefined)
}

/** The draft of each line, undefined where it makes none. */
function byLine(
  chunks: readonly (string | Uint8Array)[],
  from: LaunchState = NOT_LAUNCHED,
): (Draft | undefined)[] {
  const decoder = lineDecoder()
  const { line: redact } = createRedactor()
  const reader = createReader()
  let state = from
  const lines = [...chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk))), ...decoder.end()]
  return lines
    .filter((line) => !line.transient)
    .map((line) => {
      const clean = cleanLine(line.text)
      const interpreted = reader.read(state, { ...clean, text: redact(clean.text) })
      state = interpreted?.state ?? state
      return interpreted?.draft
    })
}

function at(phase: Phase): LaunchState {
  return { phase, progress: PHASE_TABLE[phaseOrder(phase)]?.from ?? 0 }
}

/** What one line makes of a launch in a phase. */
function one(text: string, phase: Phase = 'queued'): Draft {
  return interpret(at(phase), cleanLine(text))?.draft as Draft
}

/** Colours, cursor movements, bars, line ends and chunk borders change nothing. */
function isTheSameHowever(plain: string): void {
  const colour = fc.constantFrom('\x1b[0m', '\x1b[1;31m', '\x1b[K', '\x1b]0;title\x07', '')
  fc.assert(
    fc.property(
      fc.array(colour, { minLength: 7, maxLength: 7 }),
      fc.constantFrom('\n', '\r\n', '\r\r\n'),
      fc.integer({ min: 1, max: 997 }),
      (colours, end, size) => {
        const noisy = Buffer.from(
          plain
            .split('\n')
            .map((line, n) => {
              const middle = (n * 13) % (line.length + 1)
              const bar = n % 5 === 0 ? `${colours[n % 7]} ${n}% of it\r` : ''
              const [before, behind] = [line.slice(0, middle), line.slice(middle)]
              return `${bar}${colours[n % 7]}${before}${colours[(n + 3) % 7]}${behind}\x1b[0m`
            })
            .join(end),
        )
        const chunks = Array.from({ length: Math.ceil(noisy.length / size) }, (_, n) =>
          noisy.subarray(n * size, (n + 1) * size),
        )
        // The plain text's last line end is in the noisy one a line that is empty but for colour.
        const expected = drafts([plain.endsWith('\n') ? `${plain}\x1b[0m` : plain])
        expect(drafts(chunks)).toEqual(expected)
      },
    ),
    { numRuns: 30 },
  )
}

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)))

describe('a whole launch', () => {
  const entries = drafts([fixture('whole-launch.log')])

  it('is the same in colour, with bars, in any chunks', () => {
    const lines = fixture('whole-launch.log').toString().split('\n')
    // Payloads are no text that anybody colours.
    isTheSameHowever(lines.filter((line) => !line.includes('<sky-payload')).join('\n'))
  })

  it('goes through the phases in order', () => {
    const phases = entries.map((entry) => entry.phase)
    expect([...new Set(phases)]).toEqual([
      'queued',
      'provisioning',
      'instance_ready',
      'installing',
      'model_loading',
      'health_check',
    ])
    expect(phases.indexOf('provisioning')).toBe(8)
    expect(phases.indexOf('instance_ready')).toBe(9)
    expect(phases.indexOf('installing')).toBe(15)
    expect(phases.indexOf('model_loading')).toBe(26)
    expect(phases.indexOf('health_check')).toBe(37)
  })

  it('makes progress that tells how far it is', () => {
    const progress = entries.flatMap((entry) => entry.progress ?? [])
    expect(progress).toEqual([
      1, 2, 2, 5, 15, 50, 51, 52, 54, 58, 60, 60, 60, 61, 61, 62, 63, 63.3, 63.6, 69, 70, 70, 70.5,
      71, 71.5, 75.5, 79, 80, 81, 82, 84, 85, 86, 87, 90,
    ])
  })

  it('has an entry for each line, without the prefixes and heads', () => {
    expect(entries).toHaveLength(
      fixture('whole-launch.log').toString().trimEnd().split('\n').length,
    )
    expect(entries[10]?.message).toBe('Launching - Initializing docker container')
    expect(entries[20]).toEqual({
      level: 'info',
      message: 'Collecting vllm',
      phase: 'installing',
      progress: 63,
      details: 'place: pid=11',
    })
    expect(entries[24]?.level).toBe('warn')
    expect(entries[26]?.message).toBe('vLLM API server version 1.2.3')
  })
})

describe('phases', () => {
  it('stay when a failover tries the next place', () => {
    const entries = drafts([
      '⚙︎ Launching on AWS us-east-1.\nE 01-02 03:04:05 a.py:6] Failed to create instances: none\n',
      'sky.exceptions.ResourcesUnavailableError: Failed to acquire resources in all zones in b\n',
      '⚙️ Launching on GCP us-west1 (us-west1-a)\n'.repeat(20),
    ])
    expect(new Set(entries.map((entry) => entry.phase))).toEqual(new Set(['provisioning']))
    expect(entries.slice(0, 5).map((entry) => [entry.level, entry.progress])).toEqual([
      ['info', 15],
      ['warn', undefined],
      ['warn', undefined],
      ['info', 18],
      ['info', 21],
    ])
    expect(entries.at(-1)?.progress).toBe(45)
  })

  it('stay, with their progress, when a server that crashed begins again', () => {
    const start = 'INFO 01-02 03:04:05 [a.py:6] vLLM API server version 1\n'
    const entries = drafts([
      start,
      'Loading safetensors checkpoint shards: 100% Completed | 4/4 [00:07<00:00,  1.87s/it]\n',
      'ERROR 01-02 03:04:05 [core.py:6] EngineCore failed to start.\n',
      start,
      'Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:01<00:05,  1.72s/it]\n',
      'INFO:     Started server process [1]\n',
      start,
    ])
    expect(entries.map((entry) => [entry.phase, entry.progress])).toEqual([
      ['model_loading', 70],
      ['model_loading', 79],
      ['model_loading', undefined],
      ['model_loading', 79],
      ['model_loading', 79],
      ['health_check', 87],
      ['health_check', undefined],
    ])
  })

  it('are not moved by what a program says that SkyPilot runs', () => {
    for (const text of [
      '⚙︎ Launching on AWS us-east-1.',
      '✓ Cluster launched: x.  View logs: y',
      'Uploading files to API server',
      '- **`sky launch`**: Considered resources (1 node):',
      '⚙︎ Job submitted, ID: 1',
    ]) {
      for (const prefix of ['(task, pid=1) ', '(head, rank=0, pid=2) ', '(some_function pid=3) ']) {
        expect(one(prefix + text)).toMatchObject({ phase: 'queued' })
      }
    }
  })

  it('are not moved by a server that a setup starts or names', () => {
    for (const text of [
      'vLLM API server version 1',
      'INFO:     Application startup complete.',
      '(task, pid=2) INFO:     Started server process [1]',
      'Fetching 3 files:  50%|█| 1/2 [0:00<0:00]',
    ]) {
      expect(one(`(setup pid=1) ${text}`)).toMatchObject({ phase: 'installing', progress: 62 })
    }
  })

  it('begin to load the model with the banner of a newer vLLM', () => {
    const banner =
      '(APIServer pid=1) INFO 05-01 18:49:45 [utils.py:299]  ▄▄ ▄█ █     █ █  version 0.20.0'
    expect(one(banner, 'installing')).toMatchObject({ phase: 'model_loading', progress: 70 })
    expect(one('== CUDA version 13.0 ==', 'installing').phase).toBe('installing')
  })

  it('begin to install with the first line of a setup, whatever it is', () => {
    expect(one('(setup pid=1, ip=10.0.0.2) hello', 'instance_ready')).toEqual({
      level: 'info',
      message: 'hello',
      phase: 'installing',
      progress: 62,
      details: 'place: node=10.0.0.2 pid=1',
    })
    expect(one('(setup pid=1) hello', 'model_loading').phase).toBe('model_loading')
  })

  it('begin to load the model with any line of a server’s own', () => {
    for (const line of [
      '(EngineCore_DP0 pid=3) mq_connect_ip = get_ip()',
      'INFO 01-02 03:04:05 [a.py:1] hello',
      '[2026-01-02 03:04:07 TP0] hello',
      '2026-01-02T03:04:05Z  INFO text_generation_launcher: hello',
      '[01/02/2026-03:04:05] [TRT-LLM] [I] hello',
      '0.00.363.811 I cmn  common_param: hello',
    ]) {
      expect([line, one(line, 'installing').phase]).toEqual([line, 'model_loading'])
      expect([line, one(`(setup pid=1) ${line}`, 'installing').phase]).toEqual([line, 'installing'])
    }
  })

  it('never end with a line, go back, or leave their range', () => {
    const words = [
      ...fixture('whole-launch.log').toString().split('\n'),
      'active',
      'failed',
      'Node is ready',
      '✓ Job finished (status: FAILED).',
      '⨯ Failed to provision resources.',
      '{"phase":"active","progress":100}',
      'GET /health HTTP/1.1" 200 OK',
      '(setup pid=1) x',
      '',
    ]
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary' }))),
        (lines) => {
          let state = NOT_LAUNCHED
          for (const text of lines) {
            const interpreted = interpret(state, { text })
            if (!interpreted) continue
            const phase = interpreted.draft.phase as Phase
            const next = interpreted.state
            expect(isTerminal(phase)).toBe(false)
            expect(next.phase).toBe(phase)
            expect(phaseOrder(phase)).toBeGreaterThanOrEqual(phaseOrder(state.phase))
            expect(next.progress).toBeGreaterThanOrEqual(state.progress)
            const range = PHASE_TABLE[phaseOrder(phase)]
            expect(next.progress).toBeGreaterThanOrEqual(range?.from ?? Number.NaN)
            expect(next.progress).toBeLessThanOrEqual(range?.to ?? Number.NaN)
            if (interpreted.draft.progress !== undefined) {
              expect(interpreted.draft.progress).toBe(next.progress)
            } else {
              expect(next).toBe(state)
            }
            state = next
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('progress', () => {
  it('goes on with each package, and never reaches the end of the installation by that', () => {
    const entries = drafts([
      Array.from({ length: 300 }, (_, n) => `Collecting package-${n}>=1\n`).join(''),
    ])
    const progress = entries.flatMap((entry) => entry.progress ?? [])
    expect(progress[0]).toBe(63)
    expect(progress.length).toBeGreaterThan(20)
    expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b))
    expect(progress.at(-1)).toBeLessThan(69)
  })

  it('stays in its phase when a bar says nonsense', () => {
    for (const text of [
      'Loading safetensors checkpoint shards: 999% Completed | 9999/1 [0:00<0:00]',
      'Loading safetensors checkpoint shards: 100% Completed | 1/0 [0:00<0:00]',
      'Capturing CUDA graphs (decode, FULL): 999%|',
      'model.safetensors: 999%|',
    ]) {
      const { progress } = one(text, 'model_loading')
      expect(progress).toBeGreaterThan(70)
      expect(progress).toBeLessThanOrEqual(85)
    }
  })

  it('is told only by lines that tell it', () => {
    expect(one('Requirement already satisfied: x', 'installing')).not.toHaveProperty('progress')
    expect(one('Requirement already satisfied: x', 'queued')).toMatchObject({
      phase: 'installing',
      progress: 60,
    })
    expect(one('hello')).toEqual({ level: 'info', message: 'hello', phase: 'queued' })
  })
})

describe('levels', () => {
  it('are the ones the tools name', () => {
    for (const [text, level] of [
      ['D 01-02 03:04:05 a.py:6] x', 'debug'],
      ['I 01-02 03:04:05 a.py:6] x', 'info'],
      ['W 01-02 03:04:05.678 a.py:6] x', 'warn'],
      ['E 01-02 03:04:05 a.py:6] x', 'error'],
      ['DEBUG 01-02 03:04:05 [b/a.py:6] x', 'debug'],
      ['INFO 01-02 03:04:05 a.py:6] error: not one', 'info'],
      ['WARNING 01-02 03:04:05 [a.py:6] x', 'warn'],
      ['(EngineCore pid=1) ERROR 01-02 03:04:05 [a.py:6] x', 'error'],
      ['WARNING: x', 'warn'],
      ['INFO:     127.0.0.1:1 - "GET /error HTTP/1.1" 500', 'info'],
      ['ERROR:    [Errno 98] error while attempting to bind on address', 'error'],
      ['ERROR: Could not find a version that satisfies the requirement x', 'error'],
      ['2024-01-02 03:04:05,678 - WARNING - a.py:6 - x', 'warn'],
      ['2024-01-02 03:04:05,678 - a.b - ERROR - x', 'error'],
      ['2024-01-02 03:04:05.678 | WARNING  | a.b:c:1 - x', 'warn'],
      ['[rank0]:W0102 03:04:05.6 1 a.py:6] x', 'warn'],
      ['[rank0]:[E102 03:04:05.6 a.cpp:6] x', 'error'],
      ['/lib/a.py:6: UserWarning: Failed to load image Python extension', 'warn'],
      ['FutureWarning: x', 'warn'],
      ['DEPRECATION: x', 'warn'],
      ['Traceback (most recent call last):', 'error'],
      ['ValueError: x', 'error'],
      ['torch.cuda.OutOfMemoryError: CUDA out of memory.', 'error'],
      ['KeyboardInterrupt', 'error'],
      ["error: unexpected argument '--x' found", 'error'],
      ['jq: error: x', 'error'],
      ['Error response from daemon: x', 'error'],
      ['⨯ Failed to set up SkyPilot runtime on cluster.', 'error'],
      ['↺ Trying again', 'warn'],
      ['✓ Job finished (status: FAILED).', 'error'],
      ['✓ Job finished (status: SUCCEEDED).', 'info'],
      ["ERROR: Job 1's setup failed with return code list: [1]", 'error'],
      ['0 errors, no Error: here', 'info'],
      ['ErrorHandler is ready', 'info'],
      ['warnings are off', 'info'],
    ] as const) {
      expect([text, one(text).level]).toEqual([text, level])
    }
  })

  it('of a setup that goes on do not make it fail', () => {
    const entries = drafts(['(setup pid=1) error: no such option\n(setup pid=1) Collecting vllm\n'])
    expect(entries.map(({ level, phase }) => [level, phase])).toEqual([
      ['error', 'installing'],
      ['info', 'installing'],
    ])
  })
})

describe('prefixes', () => {
  it('are taken off, and name the node, rank or worker where there are several', () => {
    for (const [text, message, place] of [
      ['(task, pid=1)  x', ' x', 'pid=1'],
      ['(head, rank=0, pid=1) x', 'x', 'rank=0 node=head pid=1'],
      ['(worker1, rank=1, pid=2, ip=10.0.0.2) x', 'x', 'rank=1 node=worker1 pid=2'],
      ['(setup pid=2, ip=10.0.0.2) x', 'x', 'node=10.0.0.2 pid=2'],
      ['(setup pid=2) x', 'x', 'pid=2'],
      ['(EngineCore_DP1 pid=2) x', 'x', 'replica=1 pid=2'],
      ['(Worker_PP1_TP0 pid=2) x', 'x', 'rank=PP1_TP0 pid=2'],
      ['(worker1, rank=1, pid=2) (Worker_TP3 pid=3) x', 'x', 'rank=3 node=worker1 pid=3'],
      ['2024-01-02 03:04:05.678 | (APIServer pid=1) x', 'x', 'pid=1'],
      ['(RayWorkerWrapper pid=5, ip=10.0.0.3) x', 'x', 'node=10.0.0.3 pid=5'],
      ['(ServeReplica:app:LLM pid=5) x', 'x', 'replica=app:LLM pid=5'],
      ['my-server-1  | x', 'x', 'container=my-server-1'],
      ['ollama  | x', 'x', 'container=ollama'],
      ['mineru-server | x', 'x', 'container=mineru-server'],
      ['(not a prefix) x', '(not a prefix) x', undefined],
      ['a | b', 'a | b', undefined],
      ['info  | b', 'info  | b', undefined],
    ] as const) {
      const entry = one(text)
      const [, told] = /^place: (.*)$/m.exec(entry.details ?? '') ?? []
      expect([text, entry.message, told]).toEqual([text, message, place])
    }
  })
})

describe('what is stored', () => {
  it('has no entry for an empty line, an envelope with nothing in it, or a heartbeat', () => {
    expect(
      drafts([
        '\n \n(setup pid=1) \nvllm-1  |\n<sky-payload>"<heartbeat></heartbeat>"</sky-payload>\n',
      ]),
    ).toEqual([])
  })

  it('has what was read out of a line in its details, in a fixed order', () => {
    const line =
      '(worker1, rank=1, pid=2) (EngineCore_DP0 pid=3) ERROR 01-02 03:04:05 [core.py:7] It broke'
    expect(one(line)).toMatchObject({
      message: 'It broke',
      details:
        'place: rank=1 node=worker1 replica=0 pid=3\nlogger: core.py:7\nsaid_at: 01-02 03:04:05',
    })
    expect(one('{"level":"warn","msg":"a","rank":7,"took":{"ms":3}}')).toMatchObject({
      message: 'a',
      details: 'rank: 7\ntook: {"ms":3}',
    })
    expect(one('2026-01-02T03:04:05Z hello').details).toBe('said_at: 2026-01-02T03:04:05Z')
  })

  it('has a traceback’s empty lines, and each line at the level of its block', () => {
    const lines = `WARNING:a:Could not import it
Traceback (most recent call last):
  File "a.py", line 1, in f

    import it
ImportError: no it
hello`
    expect(drafts([lines]).map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'Could not import it'],
      ['warn', 'Traceback (most recent call last):'],
      ['warn', '  File "a.py", line 1, in f'],
      ['warn', ''],
      ['warn', '    import it'],
      ['warn', 'ImportError: no it'],
      ['info', 'hello'],
    ])
  })
})

describe('the tables', () => {
  const rules = TOOLS.flatMap((tool) => tool.rules)

  it('have only rules that are tried at the beginning of a line', () => {
    for (const { when } of rules) {
      expect(when.flags).toBe('')
      for (const branch of topLevelBranches(when.source)) expect(branch).toMatch(/^\^/)
    }
  })

  it('repeat nothing without a bound, so that a hostile line costs no more than its length', () => {
    for (const { when } of rules) expect(when.source).not.toMatch(/(?<!\\)[*+]|\{\d+,\}/)
  })

  it('are right in each of their examples', () => {
    for (const { example, when, phase, level } of rules) {
      const { message } = peel(example)
      expect([example, when.test(wordsOf(message))]).toEqual([example, true])
      const draft = one(example)
      if (level) expect([example, draft.level]).toEqual([example, level])
      // Another rule may come first, as long as it says the same.
      if (phase) expect([example, draft.phase]).toEqual([example, phase])
    }
  })

  it('know a tool by its voice', () => {
    for (const { voice = [] } of TOOLS) {
      for (const { phase, example } of voice) {
        expect([example, one(example).phase]).toEqual([example, phase])
      }
    }
  })

  it('give a progress of their own phase, and none without a phase', () => {
    for (const { phase, progress } of rules) {
      if (progress === undefined) continue
      const range = PHASE_TABLE.find(({ name }) => name === phase)
      expect(range).toBeDefined()
      if (typeof progress !== 'number') continue
      expect(progress).toBeGreaterThanOrEqual(range?.from ?? Number.NaN)
      expect(progress).toBeLessThanOrEqual(range?.to ?? Number.NaN)
    }
  })

  it('name no terminal phase', () => {
    for (const { phase } of rules) expect(phase && isTerminal(phase)).toBeFalsy()
  })
})

/** The parts between the `|` that stand in no group. */
function topLevelBranches(source: string): string[] {
  const plain = source
    .replace(/\\./g, '__')
    .replace(/\[(?:[^\]])*\]/g, (set) => '_'.repeat(set.length))
  const branches = ['']
  let depth = 0
  for (const character of plain) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === '|' && depth === 0) branches.push('')
    else branches[branches.length - 1] += character
  }
  return branches
}

const Q = 'queued'
const P = 'provisioning'
const R = 'instance_ready'
const I = 'installing'
const M = 'model_loading'
const H = 'health_check'

/** The phase a transcript begins in, and those of its line ranges, from 1. */
type Range = readonly [from: number, to: number, phase: Phase]
const TRANSCRIPTS: Record<string, { begins?: Phase; ranges: readonly Range[]; levels?: object }> = {
  'nebius-h100-basic.log': {
    ranges: [
      [1, 9, Q],
      [10, 10, P],
      [11, 12, R],
      [13, 73, I],
    ],
  },
  'nebius-2node-infiniband.log': {
    ranges: [
      [1, 3, Q],
      [4, 4, P],
      [5, 6, R],
      [7, 39, I],
    ],
  },
  'slurm-a40-nvidia-smi.log': {
    ranges: [
      [1, 8, Q],
      [9, 9, P],
      [10, 12, R],
      [13, 49, I],
    ],
  },
  'k8s-managed-job-h100.log': {
    ranges: [
      [1, 16, Q],
      [17, 17, P],
      [18, 19, R],
      [20, 59, I],
    ],
  },
  'k8s-relaunch-workdir-agent.log': {
    ranges: [
      [1, 2, Q],
      [3, 3, P],
      [4, 5, R],
      [6, 46, I],
    ],
  },
  'gcp-t4-docker-compose-serve.log': {
    ranges: [
      [1, 7, Q],
      [10, 11, P],
      [12, 13, R],
      [14, 26, I],
      [27, 37, M],
      [38, 41, H],
    ],
  },
  'gcp-zone-failover-a100.log': {
    ranges: [
      [1, 4, Q],
      [5, 13, P],
      [14, 14, R],
    ],
    levels: { 6: 'warn' },
  },
  'azure-to-gcp-failover-a100x8.log': {
    ranges: [
      [1, 8, Q],
      [11, 20, P],
      [21, 22, R],
    ],
    levels: { 12: 'warn', 13: 'warn', 17: 'warn' },
  },
  'gcp-spot-tpu-still-launching.log': {
    ranges: [
      [1, 13, Q],
      [14, 15, P],
    ],
  },
  'runpod-no-capacity.log': { begins: P, ranges: [[1, 13, P]], levels: { 1: 'error', 2: 'error' } },
  'k8s-runtime-setup-failed.log': {
    ranges: [
      [1, 4, Q],
      [5, 7, P],
    ],
    levels: { 6: 'error', 7: 'error' },
  },
  'k8s-provision-log-head.log': { ranges: [[1, 9, P]], levels: { 1: 'debug', 9: 'debug' } },
  'k8s-no-matching-gpu.log': { ranges: [[1, 11, Q]], levels: { 2: 'error', 4: 'error' } },
  'k8s-insufficient-capacity.log': {
    ranges: [
      [1, 9, Q],
      [10, 11, P],
    ],
    levels: { 11: 'warn' },
  },
  'k8s-skyserve-vllm-setup-error.log': {
    ranges: [
      [1, 1, R],
      [2, 26, I],
    ],
    levels: { 11: 'error', 18: 'info' },
  },
  'llama3-vllm-gradio-ready.log': {
    ranges: [
      [1, 2, M],
      [3, 11, H],
    ],
  },
  'azure-vllm-mixtral-engine-init.log': { ranges: [[1, 4, M]] },
  'vllm-0.13-startup-ok.log': {
    begins: I,
    ranges: [
      [1, 23, I],
      [24, 82, M],
      [83, 129, H],
    ],
    levels: { 22: 'warn', 43: 'warn', 45: 'warn', 70: 'warn', 84: 'warn', 129: 'info' },
  },
  'vllm-oom-sampler-warmup.log': {
    ranges: [[1, 50, M]],
    levels: { 19: 'info', 20: 'error', 34: 'error', 49: 'error' },
  },
  'vllm-0.20-bad-flag-crash-restart.log': {
    begins: M,
    ranges: [[1, 15, M]],
    levels: { 2: 'error', 3: 'warn', 7: 'error', 8: 'warn' },
  },
  'vllm-gated-model-401.log': {
    ranges: [[1, 12, M]],
    levels: { 2: 'warn', 5: 'error', 8: 'error' },
  },
  'vllm-slurm-shards-ready.log': {
    ranges: [
      [2, 10, M],
      [11, 13, H],
    ],
  },
}

describe('genuine output', () => {
  if (!transcripts) {
    it.skip('gets its phases (set LAUNCHTAIL_TRANSCRIPTS to folders of transcripts)')
    return
  }
  const read = readTranscript

  it('is known to the table of expectations, file by file', () => {
    const files = transcriptFiles('nebius-h100-basic.log').map((path) => basename(path))
    expect(files.sort()).toEqual(Object.keys(TRANSCRIPTS).sort())
  })

  for (const [file, { begins = Q, ranges, levels = {} }] of Object.entries(TRANSCRIPTS)) {
    it(`gets its phases and levels: ${file}`, () => {
      const entries = byLine([read(file)], at(begins))
      for (const [from, to, phase] of ranges) {
        const lines = entries.slice(from - 1, to)
        expect(lines).toHaveLength(to - from + 1)
        // An empty line is no entry.
        const found = lines.map((entry, n) => `${from + n} ${entry?.phase ?? phase}`)
        expect(found).toEqual(found.map((_, n) => `${from + n} ${phase}`))
      }
      for (const [line, level] of Object.entries(levels)) {
        expect([line, entries[Number(line) - 1]?.level]).toEqual([line, level])
      }
      expect(entries).toHaveLength(read(file).replace(/\n$/, '').split('\n').length)
    })
  }

  const name = 'is the same in colour, with bars, in any chunks: %s'
  it.each(Object.keys(TRANSCRIPTS))(name, (file) => isTheSameHowever(read(file)))
})
