import { LEVELS, type LogEntry, type NodeRecord, PHASES } from '@launchtail/client/protocol'
import { seededRandom } from './seed.js'

/** What launches say, and what is hard to cut into words. */
export const TEXTS = [
  'Launching on aws us-west-2 (p4d.24xlarge) with A100-80GB:8',
  'InsufficientInstanceCapacity: We currently do not have sufficient p4d.24xlarge capacity in us-west-2a',
  'Failed to provision in europe-west4-b; failing over to us-central1-a',
  'Quota NVIDIA_A100_GPUS exceeded. Limit: 8.0 in region us-central1',
  'Installing collected packages: torch-2.6.0, vllm==0.13.0, flash_attn',
  'Downloading nvidia_cublas_cu12-12.4.5.8-py3-none-manylinux2014_x86_64.whl (363.4 MB)',
  'Loading safetensors checkpoint shards:  50% Completed | 4/8 [00:12<00:11,  2.98s/it]',
  'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.27 GiB on GPU 0',
  'RuntimeError: CUDA error: device-side assert triggered',
  'OOMKilled: container vllm-1 exit code 137 (exit_code=137)',
  'Cannot access gated repo for url https://huggingface.co/meta-llama/Llama-3.1-70B; 401 Client Error',
  'INFO 11-22 22:15:03 [core.py:58] Initializing a V1 LLM engine (v0.13.0) with bloom-7b1',
  'room /opt/hub/cache/models--bigscience--bloom zoom',
  'Waiting for health check: GET http://127.0.0.1:8000/health -> 503',
  'Application startup complete. Uvicorn running on http://0.0.0.0:8000',
  'ReadTimeoutError: HTTPSConnectionPool(host=pypi.org, port=443): Read timed out.',
  'spot instance i-0abc123def4567890 was preempted (reclaimed by the cloud)',
  'ncclInternalError: Internal check failed. Last error: NET/Socket : peer rank=3 node=worker1',
  'DeepSeek-V3 needs too_many GPUs: tensor_parallel_size=16 > 8',
  '10:30:00 ready at 2026-11-22T22:30:00.123456789Z',
  // NFD, a ligature, Greek, Cyrillic, Chinese, emoji, the Kelvin sign, base64.
  'cafe\u0301 déjà vu ﬁle straße İstanbul ΣΟΦΌΣ 300 \u212A',
  'Модель загружается 模型加载失败 加载 🚀🔥 ﷺ',
  'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8w aGVsbG8gd29ybGQgdGhpcyBpcyBhIHRlc3Q='.repeat(
    2,
  ),
  'a "quoted" back\\slash, tab\there, AND OR NOT NEAR (brackets) * ? / =lerror =n1 =any',
  '',
  '=> :: -- ...',
  `word${'x'.repeat(200)} word${'x'.repeat(60)}`,
  'CamelCaseWithManyHumpsInOneVeryLongName aB cD eF XMLHttpRequest vLLM OOMKilledNow',
] as const

const PLACES = [
  { provider: 'aws', region: 'us-west-2', gpu: 'A100-80GB', model: 'meta-llama/Llama-3.1-70B' },
  { provider: 'gcp', region: 'us-central1', gpu: 'H100', model: 'deepseek-ai/DeepSeek-V3' },
  { provider: 'gcp', region: 'europe-west4', gpu: 'A100', model: 'bigscience/bloom' },
  { provider: 'local', region: '', gpu: '', model: 'Qwen/Qwen3-0.6B' },
]

export type Launch = Pick<
  NodeRecord,
  'node_id' | 'cluster_name' | 'provider' | 'region' | 'gpu' | 'model' | 'use_spot' | 'status'
> & { readonly failure?: { readonly code: string } }

/** The launches of so many nodes. */
export function launchesOf(count: number): Launch[] {
  return Array.from({ length: count }, (_, n) => {
    const place = PLACES[n % PLACES.length] as (typeof PLACES)[number]
    const hasFailed = n % 3 === 0
    return {
      ...place,
      node_id: `node-${n}`,
      cluster_name: `cic-${place.provider}-${n}`,
      use_spot: n % 2 === 0,
      status: hasFailed ? 'failed' : 'active',
      ...(hasFailed && { failure: { code: n % 2 ? 'no_capacity' : 'gpu_out_of_memory' } }),
    }
  })
}

/** Entries of logs, drawn from the run's seed. */
export function corpusOf(name: string, count: number): LogEntry[] {
  const random = seededRandom(name)
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item
  const begin = Date.UTC(2026, 10, 22, 21)
  return Array.from({ length: count }, (_, n) => {
    const details = random() < 0.2 ? pick(TEXTS) : ''
    return {
      timestamp: new Date(begin + n * 997).toISOString(),
      level: random() < 0.7 ? 'info' : pick(LEVELS),
      message: random() < 0.3 ? `${pick(TEXTS)} ${Math.floor(random() * 500)}` : pick(TEXTS),
      phase: pick(PHASES),
      ...(random() < 0.3 && { progress: Math.floor(random() * 1000) / 10 }),
      ...(details !== '' && { details }),
    }
  })
}
