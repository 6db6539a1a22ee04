import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ENGINES } from '@launchtail/client/protocol'
import { llamacpp } from '../../packages/server/src/launch/engines/llamacpp.js'
import { asSent } from '../../packages/server/src/launch/skypilot/yaml.js'
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

/**
 * Nothing is launched, so also those are looked at that need a GPU, or an image that the node cannot run. The
 * GPU and the place are left out: SkyPilot would look for the one in a catalog that the lab does not reach, and
 * knows of the other that it runs no images.
 */
const VALID: Case = {
  name: 'tasks of all engines, which SkyPilot validates',
  only: 'api',
  short: ['api'],
  async run({ product: { client }, lab }) {
    for (const engine of ENGINES) {
      const what =
        engine === 'command' ? { engine_args: 'serve --port {port}' } : { model: 'org/model' }
      const request = { provider: 'slurm', region: 'lab', gpu: 'A100', engine, ...what }
      const { task } = await client.planLaunch(request)
      assert.match(task, /run: /, engine)
      const anywhere = task.replaceAll(PLACE, '')
      assert.notEqual(anywhere, task)
      assert.deepEqual([engine, await refusalOf(anywhere)], [engine, undefined])
    }
    // What is not valid is refused by the same question.
    const { task } = await client.planLaunch({ ...FILES, engine_args: 'serve' })
    assert.match((await refusalOf(`${task}\nno_such_field: 1\n`)) ?? '', /no_such_field/)

    /** Why SkyPilot refuses a task; undefined if it is valid. */
    async function refusalOf(task: string): Promise<string | undefined> {
      const answer = await fetch(`${lab.api.endpoint}/validate`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ dag: asSent(task), request_options: null }),
      })
      return answer.ok ? undefined : answer.text()
    }
  },
}
const FILES = { provider: 'slurm', region: 'lab', gpu: 'cpu', engine: 'command' } as const
const PLACE = /^ +(?:accelerators|infra): .*\n/gm

/** Engines by name, and servers that are tested with a first question. */
export const ENGINE_CASES: readonly Case[] = [
  VALID,
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
