import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Launched } from '../launched.js'
import type { Case, Trial } from '../runner.js'
import { task } from '../tasks.js'
import type { InstalledVllm } from './install.js'

interface VllmCase {
  readonly name: string
  readonly model?: 'whole' | 'cut' | 'unknown'
  /** What `vllm serve` gets besides. */
  readonly flags: string
  /** The cause of its failure, and what its message says. Without them it serves. */
  readonly code?: string
  readonly message?: RegExp
}

const SMALL = '--max-model-len 512'

export const VLLM_CASES: readonly VllmCase[] = [
  { name: 'a chat', flags: SMALL },
  {
    name: 'a flag that does not exist',
    flags: '--max-modellen 512',
    code: 'bad_flag',
    message: /unrecognized arguments: --max-modellen/,
  },
  {
    name: 'a context that is too long',
    flags: '--max-model-len 8192',
    code: 'context_too_long',
    message: /max_model_len \(8192\) is greater than the derived max_model_len/,
  },
  { name: 'weights that are cut short', model: 'cut', flags: SMALL, code: 'model_files' },
  {
    name: 'a tensor-parallel size that does not divide',
    flags: `${SMALL} --tensor-parallel-size 3`,
    code: 'bad_setting',
    message: /must be divisible by tensor parallel size/,
  },
  {
    name: 'an architecture that nobody knows',
    model: 'unknown',
    flags: SMALL,
    code: 'unsupported_architecture',
    message: /NobodyWroteThisForCausalLM/,
  },
]

/** Two vLLMs at once would each take twice as long: a CPU loads and compiles for minutes. */
export function vllmCases(options: InstalledVllm & { keep?: string | undefined }): Case[] {
  const { command, models, keep } = options
  return VLLM_CASES.map(({ name, model = 'whole', flags, code, message }) => ({
    name,
    alone: true,
    async run(trial) {
      const serve = `exec ${command} serve ${join(models, model)} --served-model-name tiny`
      const run = `${serve} --host 0.0.0.0 --port "$PORT" --gpu-memory-utilization 0.3 ${flags}`
      const launched = await trial.launch(task({ setup: 'true', run }), { envs: ENVS })
      try {
        if (code === undefined) await chats(trial, launched)
        else {
          const said = message === undefined ? {} : { message }
          await trial.expect(launched, { status: 'failed', code, job: 'FAILED', ...said })
        }
      } finally {
        if (keep !== undefined) keepLog(keep, name, launched)
      }
    },
  }))
}

const ENVS = { VLLM_CPU_KVCACHE_SPACE: '1', HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1' }

async function chats({ expect }: Trial, launched: Launched): Promise<void> {
  const { status, endpoint, failure } = await launched.ends()
  assert.equal(status, 'active', failure?.message)
  const reply = await fetch(`${endpoint}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'tiny', max_tokens: 8 },
      messages: [{ role: 'user', content: 'hello world' }],
    }),
  })
  const answer = (await reply.json()) as { choices?: { message: { role: string } }[] }
  assert.equal(answer.choices?.[0]?.message.role, 'assistant', JSON.stringify(answer))
  await launched.terminate()
  await expect(launched, { status: 'terminated', cut: true })
}

function keepLog(folder: string, name: string, { skypilot }: Launched): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name.replaceAll(' ', '-')}.log`), skypilot.jobLog().join('\n'))
}
