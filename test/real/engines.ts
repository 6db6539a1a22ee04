import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { llamacpp } from '../../packages/server/src/launch/engines/llamacpp.js'
import { writeTinyGguf } from '../../packages/server/test/support/tiny-gguf.js'
import type { Case } from './runner.js'
import { SERVER, task } from './tasks.js'

/** What `scripts/build-llama-cpp.sh` builds: to build it on the lab's node would take half an hour. */
const HOME = join(
  process.env.LAUNCHTAIL_LAB_CACHE ?? join(homedir(), '.cache/launchtail-lab'),
  'llama-cpp',
)
const isBuilt = existsSync(join(HOME, `launchtail-llama-cpp-python-${llamacpp.version}`))

const CHAT: Case = {
  name: 'llama.cpp by its name, to a chat answer',
  async run({ launch, lab, expect }) {
    const model = join(lab.folder, 'tiny.gguf')
    writeTinyGguf(model)
    const launched = await launch(undefined, {
      ...{ engine: 'llamacpp', model, gpu: 'cpu', engine_args: '--n_ctx 256' },
      envs: { HOME },
      smoke: { prompt: 'Hello' },
    })
    const { status, smoke, failure } = await launched.ends()
    assert.equal(status, 'active', failure?.message)
    assert.ok(smoke?.tokens_per_second)
    console.log(
      `  first token after ${smoke.first_token_ms} ms, ${smoke.tokens_per_second} tokens/s`,
    )
    await launched.terminate()
    await expect(launched, { status: 'terminated', cut: true })
  },
}

/** Engines by name, and servers that are tested with a first question. */
export const ENGINE_CASES: readonly Case[] = [
  {
    name: 'smoke test that is not passed',
    async run({ launch, expect }) {
      const smoke = { path: '/not-there' }
      const launched = await launch(task({ run: SERVER }), { smoke })
      const message = /^The smoke test failed: \/not-there answers 404/
      await expect(launched, { status: 'failed', code: 'warmup_failed', message, cut: true })
    },
  },
  ...(isBuilt ? [CHAT] : []),
]
