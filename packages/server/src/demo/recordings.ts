import type { NewNode } from '@launchtail/client'

type RecordedNode = Required<Pick<NewNode, 'name' | 'provider' | 'region' | 'gpu' | 'model'>>

/** A launch of the demonstration: a recording in the folder `demo`, and the node it shows. */
export interface Recorded {
  /** The file's name without its ending; with `demo-` before it, the node's id. */
  readonly recording: string
  /** When it begins, in seconds after the first, at its original speed. */
  readonly begins: number
  readonly node: RecordedNode
  /** What its launcher says when the output has ended. Undefined where the output stops midway. */
  readonly end?: { readonly active: string } | { readonly failed: string }
}

const LAUNCHER_FAILED = { failed: 'sky launch ended with exit code 1' }
const JOB_FAILED = { failed: 'sky launch ended with exit code 100: the job failed' }

/** Successes and failures on several clouds, and a launch that stalls. The addresses are nobody's. */
export const RECORDED: readonly Recorded[] = [
  {
    recording: 'aws-l4-succeeds',
    begins: 0,
    node: {
      name: 'chat-small',
      provider: 'aws',
      region: 'us-west-2',
      gpu: 'L4',
      model: 'Qwen/Qwen2.5-7B-Instruct',
    },
    end: { active: 'http://203.0.113.11:8000' },
  },
  {
    recording: 'aws-l40s-stalls',
    begins: 5,
    node: {
      name: 'vision',
      provider: 'aws',
      region: 'us-west-2',
      gpu: 'L40S',
      model: 'Qwen/Qwen2.5-VL-32B-Instruct',
    },
  },
  {
    recording: 'gcp-l4-gated-model',
    begins: 10,
    node: {
      name: 'llama-8b',
      provider: 'gcp',
      region: 'europe-west4',
      gpu: 'L4',
      model: 'meta-llama/Llama-3.1-8B-Instruct',
    },
    end: JOB_FAILED,
  },
  {
    recording: 'aws-a10g-out-of-memory',
    begins: 30,
    node: {
      name: 'chat-13b',
      provider: 'aws',
      region: 'us-east-2',
      gpu: 'A10G',
      model: 'lmsys/vicuna-13b-v1.5',
    },
    end: JOB_FAILED,
  },
  {
    recording: 'aws-h100-no-capacity',
    begins: 60,
    node: {
      name: 'eval-h100',
      provider: 'aws',
      region: 'us-east-1',
      gpu: 'H100',
      model: 'meta-llama/Llama-3.3-70B-Instruct',
    },
    end: LAUNCHER_FAILED,
  },
  {
    recording: 'aws-a10g-spot-succeeds',
    begins: 100,
    node: {
      name: 'summaries',
      provider: 'aws',
      region: 'eu-west-1',
      gpu: 'A10G',
      model: 'mistralai/Mistral-7B-Instruct-v0.3',
    },
    end: { active: 'http://203.0.113.24:8000' },
  },
  {
    recording: 'aws-l4-bad-flag',
    begins: 160,
    node: {
      name: 'rag-answers',
      provider: 'aws',
      region: 'us-east-1',
      gpu: 'L4',
      model: 'Qwen/Qwen2.5-14B-Instruct-AWQ',
    },
    end: JOB_FAILED,
  },
  {
    recording: 'azure-t4-package-not-found',
    begins: 220,
    node: {
      name: 'classify',
      provider: 'azure',
      region: 'eastus',
      gpu: 'T4',
      model: 'microsoft/Phi-3-mini-4k-instruct',
    },
    end: JOB_FAILED,
  },
  {
    recording: 'gcp-a100-zone-failover',
    begins: 270,
    node: {
      name: 'assistant-13b',
      provider: 'gcp',
      region: 'us-central1',
      gpu: 'A100',
      model: 'meta-llama/Llama-2-13b-chat-hf',
    },
    end: { active: 'http://203.0.113.37:8000' },
  },
  {
    recording: 'aws-a100-region-failover',
    begins: 330,
    node: {
      name: 'code-34b',
      provider: 'aws',
      region: 'us-west-2',
      gpu: 'A100',
      model: 'codellama/CodeLlama-34b-Instruct-hf',
    },
    end: { active: 'http://203.0.113.52:8000' },
  },
  {
    recording: 'nebius-h100-succeeds',
    begins: 420,
    node: {
      name: 'large-70b',
      provider: 'nebius',
      region: 'eu-north1',
      gpu: 'H100',
      model: 'meta-llama/Llama-3.3-70B-Instruct',
    },
    end: { active: 'http://203.0.113.60:8000' },
  },
  {
    recording: 'azure-a100-succeeds',
    begins: 520,
    node: {
      name: 'translate',
      provider: 'azure',
      region: 'westeurope',
      gpu: 'A100-80GB',
      model: 'google/gemma-2-27b-it',
    },
    end: { active: 'http://203.0.113.78:8000' },
  },
]
