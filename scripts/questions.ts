// Questions of whoever is on call, and the queries that answer them: examples for docs/query.md, which
// the tests run.
import type { LogEntry } from '../packages/client/src/protocol/entry.js'
import type { LaunchFacts } from '../packages/client/src/query/index.js'

export interface Question {
  readonly asks: string
  readonly query: string
  /** Entries that it finds, and entries like them that it does not. */
  readonly finds: readonly Example[]
  readonly passesOver: readonly Example[]
}

/** Changes to `ENTRY` and `LAUNCH`. */
export type Example = Partial<LogEntry> & { readonly launch?: Partial<LaunchFacts> }

/** Relative times are counted from here. */
export const NOW = Date.parse('2026-11-23T10:00:00Z')

export const ENTRY: LogEntry = {
  timestamp: '2026-11-23T09:55:00Z',
  level: 'info',
  message: 'Loading weights',
  phase: 'model_loading',
}

export const LAUNCH: LaunchFacts = {
  node_id: '550e8400-e29b-41d4-a716-446655440000',
  cluster_name: 'cic-aws-uswest2-a100-od-550e84',
  provider: 'aws',
  region: 'us-west-2',
  gpu: 'A100-80GB',
  model: 'meta-llama/Llama-3.1-70B',
  use_spot: false,
  status: 'launching',
}

const capacity = { status: 'failed', failure: { code: 'no_capacity' } } as const

export const QUESTIONS: readonly Question[] = [
  {
    asks: 'Launches in us-west-2 that failed for capacity since yesterday',
    query: 'status:failed cause:no_capacity region:us-west-2 timestamp:>=yesterday',
    finds: [{ launch: capacity }, { launch: capacity, timestamp: '2026-11-22T00:00:00Z' }],
    passesOver: [
      { launch: { ...capacity, region: 'us-west-2a' } },
      { launch: { ...capacity, failure: { code: 'quota' } } },
      { launch: capacity, timestamp: '2026-11-21T23:59:59.999999999Z' },
      { launch: {} },
    ],
  },
  {
    asks: 'Errors while the model loads, except running out of memory',
    query: 'level:error phase:model_loading -oom -"out of memory"',
    finds: [{ level: 'error', message: 'KeyError: lm_head.weight' }],
    passesOver: [
      { level: 'error', message: 'torch.OutOfMemoryError: CUDA' },
      { level: 'error', message: 'killed', details: 'OOMKilled' },
      { level: 'warn', message: 'KeyError: lm_head.weight' },
      { level: 'error', message: 'KeyError', phase: 'installing' },
    ],
  },
  {
    asks: 'CUDA out of memory, however it is written',
    query: '"out of memory" OR oom',
    finds: [
      { message: 'torch.OutOfMemoryError: CUDA out of memory' },
      { message: 'torch.cuda.OutOfMemoryError' },
      { message: 'status=out_of_memory' },
      { message: 'Reason: OOMKilled' },
    ],
    passesOver: [{ message: 'Loading bigscience/bloom' }, { message: 'memory is out' }],
  },
  {
    asks: 'Warnings and worse of one node, of the last ten minutes',
    query: 'level:>=warn timestamp:>=-10m node:550e84*',
    finds: [{ level: 'warn' }, { level: 'error', timestamp: '2026-11-23T10:50:00+01:00' }],
    passesOver: [
      { level: 'info' },
      { level: 'warn', timestamp: '2026-11-23T09:49:59Z' },
      { level: 'warn', launch: { node_id: '660e8400' } },
    ],
  },
  {
    asks: 'Entries between 50 and 80 percent',
    query: 'progress:50..80',
    finds: [{ progress: 50 }, { progress: 62.5 }, { progress: 80 }],
    passesOver: [{ progress: 49.9 }, { progress: 81 }, {}],
  },
  {
    asks: 'Failed over to another zone',
    query: '"failed to provision" /us-[a-z]+-\\d[a-z]/',
    finds: [{ message: 'Failed to provision in us-west-2b' }],
    passesOver: [{ message: 'Failed to provision in us-west-2' }],
  },
  {
    asks: 'A gated model',
    query: '"gated repo" OR "401 client error"',
    finds: [
      { message: 'Cannot access gated repo for url' },
      { message: '401 Client Error: Unauthorized' },
      { message: 'huggingface_hub.errors.GatedRepoError' },
    ],
    passesOver: [{ message: '404 Client Error' }],
  },
  {
    asks: 'Trouble with the quota on any A100',
    query: 'quota gpu:A100',
    finds: [{ message: 'QuotaExceeded' }, { message: 'Quota!', launch: { gpu: 'A100' } }],
    passesOver: [{ message: 'Quota', launch: { gpu: 'H100' } }, { message: 'ok' }],
  },
  {
    asks: 'Exit code 137, also as `exit_code=137`',
    query: '"exit code 137"',
    finds: [{ message: 'exited with exit code 137' }, { message: 'exit_code=137' }],
    passesOver: [{ message: 'exit code 1375' }, { message: 'exit code: 1' }],
  },
  {
    asks: 'The word OOM, not bloom, room or zoom',
    query: 'oom',
    finds: [{ message: 'OOM' }, { message: 'the oom-killer' }, { details: 'OOMKilled' }],
    passesOver: [{ message: 'bloom room zoom' }],
  },
  {
    asks: 'Spot instances that were lost in Europe',
    query: 'spot:true cause:preempted region:europe-*',
    finds: [{ launch: { use_spot: true, failure: { code: 'preempted' }, region: 'europe-west4' } }],
    passesOver: [
      { launch: { use_spot: false, failure: { code: 'preempted' }, region: 'europe-west4' } },
      { launch: { use_spot: true, failure: { code: 'preempted' } } },
      { launch: { use_spot: true, region: 'europe-west4' } },
    ],
  },
  {
    asks: 'Errors of Llama 70B in the health check',
    query: 'model:Llama model:70B phase:health_check level:error',
    finds: [{ level: 'error', phase: 'health_check' }],
    passesOver: [
      { level: 'error', phase: 'health_check', launch: { model: 'meta-llama/Llama-3.1-8B' } },
      { level: 'error' },
    ],
  },
  {
    asks: 'Entries with details, but without progress',
    query: 'details:* -progress:*',
    finds: [{ details: 'pip 24.0' }],
    passesOver: [{ details: '' }, { details: 'x', progress: 0 }, {}],
  },
  {
    asks: 'Some vLLM 0.1x that is installed',
    query: '/vllm==0\\.1\\d/',
    finds: [{ message: 'Installing vllm==0.13.0' }],
    passesOver: [{ message: 'Installing vllm==0.9.2' }, { message: 'vLLM==0.13.0' }],
  },
  {
    asks: 'Errors of GCP in one hour, elsewhere than in us-central1, about quota or capacity',
    query:
      'level:error provider:gcp -region:us-central1 (quota OR capacity) timestamp:2026-11-22T22:00:00Z..2026-11-22T23:00:00Z',
    finds: [
      {
        level: 'error',
        message: 'ZONE_RESOURCE_POOL_EXHAUSTED: no capacity',
        timestamp: '2026-11-22T23:00:00Z',
        launch: { provider: 'gcp', region: 'europe-west4' },
      },
    ],
    passesOver: [
      {
        level: 'error',
        message: 'no capacity',
        timestamp: '2026-11-22T23:00:00.000000001Z',
        launch: { provider: 'gcp', region: 'europe-west4' },
      },
      {
        level: 'error',
        message: 'no capacity',
        timestamp: '2026-11-22T22:30:00Z',
        launch: { provider: 'gcp', region: 'us-central1' },
      },
    ],
  },
]
