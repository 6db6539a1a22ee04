import type { WebhookEvent } from '@launchtail/client/protocol'
import type { LaunchData, MessageData, StoredMessage } from './message.js'

const NODE_ID = '550e8400-e29b-41d4-a716-446655440000'

const EVIDENCE = {
  index: 42,
  message:
    'Failed to provision all possible launchable resources: InsufficientInstanceCapacity in us-west-2a',
}

const FAILURE = {
  code: 'no_capacity',
  phase: 'provisioning' as const,
  message: EVIDENCE.message,
  advice: 'Try another region, another GPU, or wait.',
  evidence: [EVIDENCE],
}

/** The message that a test sends: a type of its own, with sample data of another event. */
export function sampleOf(type: WebhookEvent, now: Date): StoredMessage {
  const timestamp = now.toISOString()
  const launch: LaunchData = {
    node_id: NODE_ID,
    cluster_name: 'cic-aws-uswest2-a100-spot-550e84',
    name: 'sample',
    provider: 'aws',
    region: 'us-west-2',
    gpu: 'A100',
    gpu_count: 1,
    model: 'meta-llama/Llama-2-7b-chat-hf',
    use_spot: true,
    status: 'launching',
    phase: 'provisioning',
    progress: 30,
    message: 'Provisioning',
    created_at: timestamp,
    updated_at: timestamp,
  }
  const data = { sample: type, seq: 1, launch, ...SAMPLES[type] }
  return { type: 'webhook.test', timestamp, data }
}

const SAMPLES: Partial<Record<WebhookEvent, MessageData>> = {
  'launch.started': {
    request: {
      ...{ provider: 'aws', region: 'us-west-2', gpu: 'A100', use_spot: true },
      model: 'meta-llama/Llama-2-7b-chat-hf',
    },
  },
  'launch.phase_changed': { from: 'provisioning', to: 'installing', took_ms: 95_000 },
  'launch.active': { endpoint: 'http://10.0.0.1:8000', took_ms: 372_000, phases: [] },
  'launch.failed': { failure: FAILURE, took_ms: 140_000, lines: [line()] },
  'launch.stalled': { phase: 'provisioning', silent_for_ms: 600_000, usual_ms: 180_000 },
  'launch.recovered': { phase: 'provisioning', stalled_for_ms: 640_000 },
  'launch.terminated': { by: 'request', after_active: true },
  'launch.preempted': { after_ms: 7_200_000 },
  'launch.unhealthy': {
    reason: 'The server is unhealthy: /health answers 503',
    since: '2026-01-02T03:04:05.000Z',
  },
  'launch.healthy': { unhealthy_for_ms: 95_000 },
  'launch.over_budget': { day: '2026-01-02', budget: 50, spent: 50.12 },
  'launch.slow': { phase: 'model_loading', so_far_ms: 900_000, p95_ms: 400_000 },
  'entry.matched': {
    ...{ node_id: NODE_ID, entry: line(), cursor: '42:0a1b2c3d:log', suppressed_count: 0 },
  },
  'fleet.failure_rate': {
    ...{ rate: 0.6, failed: 6, of: 10, window: '1h' },
    by_cause: { no_capacity: 5, quota: 1 },
  },
  'webhook.disabled': {
    webhook: {
      webhook_id: 'wh_0123456789abcdef0123',
      url: 'https://hooks.example.com/launches',
      reason: 'its receiver answered 410: it is gone',
    },
  },
}

function line() {
  return {
    ...EVIDENCE,
    timestamp: '2026-01-01T00:00:00Z',
    level: 'error' as const,
    phase: 'provisioning' as const,
  }
}
