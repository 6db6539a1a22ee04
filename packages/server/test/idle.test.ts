import type { LogEntry } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { engineLoadIn } from '../src/launch/limits/idle/engine-load.js'
import { afterLook, idleStateAt } from '../src/launch/limits/idle/idleness.js'
import {
  removeFolder,
  serverScript,
  startLaunching,
  task,
  temporaryFolder,
} from './support/launching.js'

const MINUTE = 60_000

describe('an engine’s metrics', () => {
  test.each([
    [
      'vLLM',
      `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a b"} 2.0
vllm:num_requests_running{engine="1",model_name="a b"} 1.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="a b"} 4.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="a b",reason="capacity"} 99.0
vllm:kv_cache_usage_perc{engine="0",model_name="a b"} 0.25
vllm:request_success_total{engine="0",finished_reason="stop",model_name="a b"} 10.0
vllm:request_success_total{engine="0",finished_reason="length",model_name="a b"} 5.0 1700000000000
vllm:request_success_created{engine="0",finished_reason="stop",model_name="a b"} 1.7e+09
vllm:prompt_tokens_total{engine="0",model_name="a b"} 1e+02
vllm:prompt_tokens_created{engine="0",model_name="a b"} 1.7e+09`,
      { requests: 7, served: 115 },
    ],
    [
      'SGLang',
      `# HELP sglang:prompt_tokens_total Number of prefill tokens processed.
# TYPE sglang:prompt_tokens_total counter
sglang:prompt_tokens_total{model_name="a}b"} 8.128902e+06
sglang:num_running_reqs{model_name="a}b"} 161.0
sglang:num_queue_reqs{model_name="a}b"} 2.0
sglang:time_to_first_token_seconds_bucket{le="0.001",model_name="a}b"} 0.0`,
      { requests: 163, served: 8_128_902 },
    ],
    ['SGLang without its counters', 'sglang:num_running_reqs 0.0\n', { requests: 0 }],
    [
      'TGI, once it was used',
      'tgi_request_count{method="generate"} 7\r\ntgi_queue_size 0\r\ntgi_batch_current_size 2\r\n',
      { requests: 2, served: 7 },
    ],
    [
      'TEI, once it was used',
      'te_request_count{method="single"} 3\nte_embed_count 3\nte_queue_size 0\n',
      { requests: 0, served: 6 },
    ],
    ['llama.cpp', 'llamacpp:requests_processing 1', { requests: 1 }],
    ['something else', 'http_requests_total 5\nprocess_cpu_seconds_total 1', undefined],
    ['a web page', '<html>vllm:num_requests_running</html>', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, text, load) => {
    expect(engineLoadIn(text)).toEqual(load && { served: undefined, ...load })
  })
})

test.each([
  ['tgi', '', { requests: 0, served: 0 }],
  ['tei', '# TYPE te_batch_next_size summary\n', { requests: 0, served: 0 }],
  ['tei', 'te_queue_size 1\n', { requests: 1, served: undefined }],
  ['vllm', '', undefined],
  ['llamacpp', '', undefined],
])('%s shows its load from the first request on: %j', (engine, text, load) => {
  expect(engineLoadIn(text, engine)).toEqual(load)
})

describe('a node is idle', () => {
  const idle = { since: 0, seenAt: 60_000, served: 5 }

  test('from the first look that finds no request', () => {
    expect(afterLook(undefined, { requests: 0, served: 5 }, 100)).toEqual({
      ...{ since: 100, seenAt: 100, served: 5 },
    })
  })

  test.each<[string, { requests: number; served: number | undefined }, number, number]>([
    ['no request', { requests: 0, served: 5 }, 90_000, 0],
    ['no request since this server was away', { requests: 0, served: 5 }, 9e9, 0],
    ['a request that runs', { requests: 1, served: 5 }, 90_000, 90_000],
    ['a request between two looks', { requests: 0, served: 6 }, 90_000, 90_000],
    ['an engine that was started anew', { requests: 0, served: 0 }, 90_000, 90_000],
  ])('after %s', (_, load, now, since) => {
    expect(afterLook(idle, load, now).since).toBe(since)
  })

  test('not over an absence where the engine counts no requests', () => {
    const uncounted = { since: 0, seenAt: 60_000, served: undefined }
    const load = { requests: 0, served: undefined }
    expect(afterLook(uncounted, load, 90_000).since).toBe(0)
    expect(afterLook(uncounted, load, 600_000).since).toBe(600_000)
  })

  test.each([
    [60 * MINUTE, 49 * MINUTE, 'under way'],
    [60 * MINUTE, 50 * MINUTE, 'ending'],
    [60 * MINUTE, 60 * MINUTE, 'over'],
    [4 * MINUTE, MINUTE, 'under way'],
    [4 * MINUTE, 2 * MINUTE, 'ending'],
  ])('with a time-out of %i ms, after %i ms: %s', (timeout, after, state) => {
    expect(idleStateAt(after, { since: 0, seenAt: 0 }, timeout)).toBe(state)
  })
})

/** A server whose metrics have a request at work until `/idle` is asked for. */
const ENGINE = `
let busy = 1;
require('node:http').createServer((q, s) => {
  if (q.url === '/metrics') return s.end('vllm:num_requests_running ' + busy + '\\n');
  s.statusCode = q.url.startsWith('/health') ? 200 : 404;
  s.end(q.url.startsWith('/idle') ? String(busy = 0) : '')
}).listen(process.env.PORT, '127.0.0.1', () => console.log('serving'))
`

test('a node that serves nobody for its time-out is taken down, and told so before', async () => {
  const folder = temporaryFolder()
  const server = await startLaunching({ folder })
  onTestFinished(async () => {
    await server.stop()
    removeFolder(folder)
  })
  await server.orchestrator.resume()
  const run = `exec node -e "${ENGINE.replaceAll('\n', ' ')}"`
  await server.orchestrator.launch({
    ...{ node_id: 'idle-1', provider: 'local', region: 'local', gpu: 'cpu', idle_timeout: '2s' },
    task: task({ run }),
  })
  await server.until('idle-1', ({ phase }) => phase === 'active')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  const warnings = async () =>
    (await server.list('idle-1')).filter(({ level }) => level === 'warn').map(messageOf)
  expect(await warnings()).toEqual([])
  const { endpoint } = (await server.registry.find('idle-1')) ?? {}
  await fetch(`${endpoint}/idle`)
  await server.until('idle-1', ({ message }) => message === 'Node terminated')
  expect(await warnings()).toEqual([
    expect.stringMatching(
      /^The node will be taken down in 1s unless it is used: its idle_timeout is 2s$/,
    ),
    'The node has served nobody for its idle_timeout of 2s; it is taken down',
    'Node terminated',
  ])
})

test('a node whose server tells nothing of its requests is never idle, and its log says so once', async () => {
  const folder = temporaryFolder()
  const server = await startLaunching({ folder })
  onTestFinished(async () => {
    await server.stop()
    removeFolder(folder)
  })
  await server.orchestrator.resume()
  await server.orchestrator.launch({
    ...{ node_id: 'idle-2', provider: 'local', region: 'local', gpu: 'cpu', idle_timeout: '1s' },
    task: task({ run: serverScript() }),
  })
  const isTold = ({ message }: LogEntry) => message.startsWith('The idle_timeout')
  await server.until('idle-2', isTold)
  // For longer than the time-out.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const entries = await server.list('idle-2')
  expect(entries.filter(isTold)).toMatchObject([
    {
      ...{ level: 'warn', phase: 'active' },
      message:
        'The idle_timeout of 1s has no effect: its /metrics do not tell how many requests it has',
    },
  ])
  expect(server.orchestrator.running('idle-2')).toBe(true)
  await server.orchestrator.terminate('idle-2')
  await server.until('idle-2', ({ message }) => message === 'Node terminated')
})

function messageOf({ message }: LogEntry): string {
  return message
}
