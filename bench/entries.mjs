// Many entries at once, with words that launches say.
const TEXTS = [
  ['info', 'provisioning', 'Launching on aws us-west-2 (p4d.24xlarge) with A100-80GB:8'],
  [
    'info',
    'installing',
    'Downloading nvidia_cublas_cu12-12.4.5.8-py3-none-manylinux2014_x86_64.whl (363.4 MB)',
  ],
  ['info', 'installing', 'Installing collected packages: torch-2.6.0, vllm==0.13.0, flash_attn'],
  [
    'info',
    'model_loading',
    'Loading safetensors checkpoint shards: 50% Completed | 4/8 [00:12<00:11, 2.98s/it]',
  ],
  [
    'info',
    'model_loading',
    'INFO 11-22 22:15:03 [core.py:58] Initializing a V1 LLM engine (v0.13.0)',
  ],
  ['info', 'health_check', 'Waiting for health check: GET http://127.0.0.1:8000/health -> 503'],
  ['warn', 'provisioning', 'Failed to provision in europe-west4-b; failing over to us-central1-a'],
]
const RARE = [
  'error',
  'provisioning',
  'InsufficientInstanceCapacity: no p4d.24xlarge in us-west-2a',
]
export const IN_A_REQUEST = 1000
const AT_ONCE = 4

/** Sends so many entries to each of so many nodes, as fast as they are taken. */
export async function sendMany(server, { nodes, each }) {
  let next = 0
  const some = async () => {
    while (next < nodes) {
      const node = next++
      for (let from = 0; from < each; from += IN_A_REQUEST) {
        const count = Math.min(IN_A_REQUEST, each - from)
        const entries = Array.from({ length: count }, (_, i) => entryOf(node, from + i))
        await send(server, `n${node}`, entries)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some))
}

export function entryOf(node, n) {
  const [level, phase, text] = (node * 31 + n) % 1000 === 0 ? RARE : TEXTS[n % TEXTS.length]
  return { level, phase, message: `${text} ${n}`, ...(n % 10 === 0 && { progress: n % 90 }) }
}

export async function send({ port, headers }, id, entries) {
  const [name, value] = headers.split(': ')
  const answer = await fetch(`http://127.0.0.1:${port}/admin/nodes/${id}/logs`, {
    method: 'POST',
    headers: { [name]: value, 'Content-Type': 'application/json' },
    body: JSON.stringify(entries),
  })
  if (answer.status !== 202) throw new Error(`entries were answered with ${answer.status}`)
  await answer.arrayBuffer()
}
