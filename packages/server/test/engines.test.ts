import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type LaunchRequest, launchSchema } from '@launchtail/client/protocol'
import { afterAll, describe, expect, it, onTestFinished, test } from 'vitest'
import { ENGINES } from '../src/launch/engines/index.js'
import { planOf } from '../src/launch/local/plan.js'
import { readinessOf } from '../src/launch/readiness/readiness.js'
import { skyTaskOf } from '../src/launch/skypilot/task.js'
import { smokeOf } from '../src/launch/smoke/smoke.js'
import { removeFolder, startLaunching, temporaryFolder } from './support/launching.js'
import { refusalOf } from './support/refusal.js'
import { writeTinyGguf } from './support/tiny-gguf.js'

const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }
const NAMES = Object.keys(ENGINES) as (keyof typeof ENGINES)[]
const folder = mkdtempSync(join(tmpdir(), 'launchtail-engines-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A request that an engine takes. */
function requestFor(engine: LaunchRequest['engine'], more: Partial<LaunchRequest> = {}) {
  const isCommand = engine === 'command'
  return {
    ...{ provider: 'aws', region: 'us-east-1', gpu: 'H100', engine },
    ...(isCommand ? { engine_args: ['serve'] } : { model: 'org/model' }),
    ...more,
  } as LaunchRequest
}

const taskFor = (engine: LaunchRequest['engine'], more: Partial<LaunchRequest> = {}) =>
  skyTaskOf(requestFor(engine, more), { versions: VERSIONS })

const HOSTILE = [
  '$(id)',
  '`id`',
  "'; id; '",
  '"; id; "',
  'a b',
  '*',
  '\\',
  '|| id',
  '&',
  '🦊 ü',
  '-n',
]

describe.each(NAMES)('the task for %s', (name) => {
  const engine = ENGINES[name]

  it('has scripts that bash understands', () => {
    const { fields } = taskFor(name)
    for (const script of [fields.setup, fields.run].filter((text) => text !== undefined)) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: String(script) })
      expect([status, String(stderr)]).toEqual([0, ''])
    }
  })

  it('has the same scripts whatever the request says', () => {
    const { setup, run } = taskFor(name).fields
    for (const text of HOSTILE.filter((one) => !one.startsWith('-'))) {
      const made = taskFor(name, {
        ...(engine.needsModel && { model: text }),
        ...(!engine.takesNone && { engine_args: ['--one', text] }),
        envs: { OTHER: text },
      })
      expect([made.fields.setup, made.fields.run]).toEqual([setup, run])
    }
  })

  it('listens on the port that is opened and asked', () => {
    const { fields, envs, port } = taskFor(name, { envs: { PORT: '9000' } })
    expect([port, envs.PORT]).toEqual([9000, '9000'])
    expect(fields.resources).toMatchObject({ ports: ['9000'] })
    const { paths } = readinessOf(requestFor(name))
    expect(paths).toEqual(
      engine.readyPath ? [engine.readyPath] : ['/health', '/v1/models', '/v2/health/ready', '/'],
    )
    expect(readinessOf(requestFor(name, { readiness: { path: '/own' } })).paths).toEqual(['/own'])
  })

  it('has the version that is asked for, or else ours', () => {
    const versionIn = (more: Partial<LaunchRequest> = {}) => {
      const { fields, envs } = taskFor(name, more)
      return `${envs.LAUNCHTAIL_ENGINE_VERSION} ${(fields.resources as { image_id?: string }).image_id}`
    }
    if (name === 'command') return expect(versionIn()).toBe(' undefined')
    expect(versionIn()).toContain(engine.version)
    expect(versionIn({ engine_version: '9.8.7' })).toContain('9.8.7')
    expect(versionIn().includes('docker:')).toBe(engine.image !== undefined)
  })
})

/** Runs a task's script in a folder with stand-ins, each of which prints its words one a line. */
function runs(engine: LaunchRequest['engine'], more: Partial<LaunchRequest>): string[] {
  const { fields, envs } = taskFor(engine, { envs: { PORT: '9000' }, ...more })
  const version = envs.LAUNCHTAIL_ENGINE_VERSION
  const bin = join(folder, 'bin')
  const standIns = [
    join(folder, `launchtail-sglang-${version}/bin/python`),
    join(folder, `launchtail-llama-cpp-python-${version}/bin/python`),
    ...['text-generation-launcher', 'text-embeddings-router', 'serve'].map((name) =>
      join(bin, name),
    ),
  ]
  for (const file of standIns) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    chmodSync(file, 0o755)
  }
  const { stdout, stderr, status } = spawnSync('bash', ['-c', String(fields.run)], {
    env: { ...envs, HOME: folder, PATH: `${bin}:${process.env.PATH}` },
    cwd: folder,
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').slice(0, -1)
}

describe('a server is started with', () => {
  test('the words of the request, and nothing expanded', () => {
    const engine_args = ['--one', ...HOSTILE]
    for (const name of ['sglang', 'llamacpp', 'tgi', 'tei'] as const) {
      expect(runs(name, { engine_args }).slice(-engine_args.length)).toEqual(engine_args)
    }
    expect(runs('command', { engine_args: ['serve', ...HOSTILE] })).toEqual(HOSTILE)
  })

  test('a text of words that is split as a shell does', () => {
    const engine_args = `--a 'b c' --d="e  f" $HOME`
    expect(runs('tgi', { engine_args }).slice(-4)).toEqual(['--a', 'b c', '--d=e  f', '$HOME'])
  })

  test.each<[LaunchRequest['engine'], Partial<LaunchRequest>, string]>([
    [
      'sglang',
      { gpu_count: 4 },
      '-m sglang.launch_server --model-path org/model --served-model-name org/model --host 0.0.0.0 --port 9000 --tp 4 --enable-metrics',
    ],
    ['tgi', { gpu_count: 2 }, '--model-id org/model --hostname 0.0.0.0 --port 9000 --num-shard 2'],
    ['tei', {}, '--model-id org/model --hostname 0.0.0.0 --port 9000'],
    [
      'llamacpp',
      { gpu: 'cpu' },
      '-m llama_cpp.server --hf_model_repo_id org/model --model *Q4_K_M.gguf --model_alias org/model --host 0.0.0.0 --port 9000',
    ],
    [
      'llamacpp',
      { model: 'org/model:*q8*', gpu: 'L4' },
      '-m llama_cpp.server --hf_model_repo_id org/model --model *q8* --model_alias org/model:*q8* --host 0.0.0.0 --port 9000 --n_gpu_layers -1',
    ],
    [
      'llamacpp',
      { model: '/a b.gguf', gpu: 'cpu' },
      '-m llama_cpp.server --model /a b.gguf --model_alias /a b.gguf --host 0.0.0.0 --port 9000',
    ],
    [
      'command',
      { engine_args: 'serve --at {host}:{port} {model}', model: '$(id) &' },
      '--at 0.0.0.0:9000 $(id) &',
    ],
  ])('%s %j: %s', (name, more, words) => {
    expect(runs(name, more).join(' ')).toBe(words)
  })

  test('a model that ollama has pulled before its port is opened', () => {
    const log = join(folder, 'ollama.log')
    const file = join(folder, `launchtail-ollama-${ENGINES.ollama.version}/bin/ollama`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      [
        '#!/bin/sh',
        `[ "$1" != list ] || { grep -q serve ${log}; exit; }`,
        `echo "$OLLAMA_HOST $*" >> ${log}`,
        'case $1-$OLLAMA_HOST in serve-127*) exec sleep 30 ;; esac',
        '',
      ].join('\n'),
    )
    chmodSync(file, 0o755)
    const { fields, envs } = taskFor('ollama', { envs: { PORT: '9000' }, model: 'qwen3:0.6b' })
    const env = { ...envs, HOME: folder, PATH: process.env.PATH }
    const { status } = spawnSync('bash', ['-c', String(fields.run)], { env, timeout: 20_000 })
    expect(status).toBe(0)
    const told = spawnSync('cat', [log], { encoding: 'utf8' }).stdout.trim().split('\n')
    expect(told).toEqual([
      ...['127.0.0.1:9001 serve', '127.0.0.1:9001 pull qwen3:0.6b', '0.0.0.0:9000 serve'],
    ])
  })
})

describe('what makes no sense is refused', () => {
  test.each<[Partial<LaunchRequest>, string]>([
    [{ engine: 'sglang' }, '"model" is missing: sglang needs one'],
    [{ engine: 'sglang', model: '-x' }, '"model" must not begin with "-"'],
    [{ engine: 'sglang', model: 'm', gpu: 'cpu' }, '"gpu" is missing: sglang needs one'],
    [
      { engine: 'tgi', model: 'm', tensor_parallel: 2 },
      '"tensor_parallel" is 2, and there are 1 GPUs',
    ],
    [
      { engine: 'tei', model: 'm', tensor_parallel: 1 },
      '"tensor_parallel" has no meaning with tei',
    ],
    [{ engine: 'tgi', model: 'm', vllm_args: '-a' }, '"vllm_args" has no meaning with tgi'],
    [{ engine: 'tgi', model: 'm', engine_args: '--port 1' }, '"engine_args" must not hold --port'],
    [
      { engine: 'tgi', model: 'm', engine_args: 'serve' },
      '"engine_args" must begin with an option',
    ],
    [{ engine: 'tgi', model: 'm', engine_args: ['-a', ''] }, 'must not hold an empty argument'],
    [{ engine: 'tgi', model: 'm', engine_args: ['-a', 'b\nc'] }, 'must not hold a line end'],
    [{ engine: 'ollama', model: 'm', engine_args: '-a' }, 'ollama is set by variables'],
    [{ engine: 'command' }, '"engine_args" is missing: the words of the command'],
    [
      { engine: 'command', engine_args: 'a', engine_version: '1' },
      '"engine_version" has no meaning',
    ],
    [{ engine: 'tgi', model: 'm', envs: { LAUNCHTAIL_MODEL: 'x' } }, "a name of this server's own"],
    [{ engine: 'vllm', model: 'm', vllm_args: '-a', engine_args: '-b' }, 'give one of them'],
    [{ engine: 'vllm', model: 'm', engine_args: '--port=1' }, '"engine_args" must not hold --port'],
    [{ engine: 'tgi', task: 'run: x' }, '"engine" has no meaning beside a "task" of your own'],
  ])('%j: %s', (more, words) => {
    const request = { provider: 'aws', region: 'r', gpu: 'L4', ...more }
    expect(refusalOf(() => skyTaskOf(request, { versions: VERSIONS }))).toContain(words)
  })

  test.each([
    [{ engine: 'triton' }, 'must be one of vllm, sglang, llamacpp, tgi, ollama, tei, command'],
    [{ engine_version: '1; id' }, 'must be a version, such as 0.13.0'],
    [{ engine_args: [1] }, 'must be a text of at most 4096 characters, or a list'],
  ])('%j: %s', (more, words) => {
    const { error } = launchSchema.safeParse({ provider: 'aws', ...more })
    expect(error?.issues.map(({ message }) => message).join()).toContain(words)
  })

  test('vLLM takes its version and its arguments by the names that all engines have', () => {
    const { envs } = taskFor('vllm', { engine_version: '0.12.0', engine_args: ['--a', 'b c'] })
    expect(envs).toMatchObject({
      ...{ LAUNCHTAIL_VLLM_VERSION: '0.12.0', LAUNCHTAIL_VLLM_ARGS: '--a\nb c' },
    })
  })

  test('TEI’s image is the one for the GPU', () => {
    const imageFor = (gpu: string) =>
      (taskFor('tei', { gpu }).fields.resources as { image_id: string }).image_id.split(':').at(-1)
    expect(['cpu', 'T4', 'A10G', 'L4:2', 'L40S', 'H100', 'A100-80GB'].map(imageFor)).toEqual([
      ...['cpu-1.8', 'turing-1.8', '86-1.8', '89-1.8', '89-1.8', 'hopper-1.8', '1.8'],
    ])
  })

  test('a smoke test of TEI asks for an embedding', () => {
    const smoke = { prompt: 'Hello' }
    expect(smokeOf(requestFor('tei', { smoke }))?.ask.kind).toBe('embeddings')
    expect(smokeOf(requestFor('tgi', { smoke }))?.ask.kind).toBe('chat')
  })
})

describe('on this machine', () => {
  const local = { provider: 'local', region: 'local', gpu: 'cpu' }
  const plan = (more: Partial<LaunchRequest>) =>
    planOf({ ...local, ...more }, { env: {}, passEnv: [] })

  test('a server listens for this machine alone', () => {
    const { environment } = plan({ engine: 'llamacpp', model: 'm' })
    expect(environment).toMatchObject({ LAUNCHTAIL_HOST: '127.0.0.1', LAUNCHTAIL_GPUS: '0' })
    expect(plan({ engine: 'sglang', model: 'm', gpu: 'A100:2' }).environment).toMatchObject({
      LAUNCHTAIL_GPUS: '2',
    })
  })

  test.each<[Partial<LaunchRequest>, string]>([
    [{}, 'provider "local" needs a "task" with a "run", or an "engine" other than vllm'],
    [{ engine: 'vllm', model: 'm' }, 'or an "engine" other than vllm'],
    [{ engine: 'tgi', model: 'm' }, 'comes as a container image, which "local" cannot run'],
    [{ engine: 'ollama' }, '"model" is missing'],
    [{ engine: 'ollama', task: 'run: x' }, '"engine" has no meaning beside a "task"'],
  ])('%j is refused: %s', (more, words) => {
    expect(refusalOf(() => plan(more))).toContain(words)
  })

  async function launched(more: Partial<LaunchRequest>, home = homedir()) {
    const folder = temporaryFolder()
    onTestFinished(() => removeFolder(folder))
    const server = await startLaunching({ folder, env: { ...process.env, HOME: home } })
    onTestFinished(server.stop)
    const { node_id: id } = await server.orchestrator.launch({ ...local, ...more })
    onTestFinished(async () => {
      await server.orchestrator.terminate(id)
      await server.until(id, ({ phase }) => phase === 'failed')
    })
    await server.until(id, ({ phase }) => phase === 'active' || phase === 'failed')
    return server.registry.get(id)
  }

  test('a command is run with its port', async () => {
    const code =
      "require('http').createServer((q, s) => s.end(process.argv[2])).listen(process.argv[1], '127.0.0.1')"
    const engine_args = ['node', '-e', code, '{port}', '{model}']
    const node = await launched({ engine: 'command', model: 'a "model"', engine_args })
    expect(node?.status).toBe('active')
    expect(await (await fetch(node?.endpoint ?? '')).text()).toBe('a "model"')
  })

  const home = join(
    process.env.LAUNCHTAIL_LAB_CACHE ?? join(homedir(), '.cache/launchtail-lab'),
    'llama-cpp',
  )
  const installed = join(home, `launchtail-llama-cpp-python-${ENGINES.llamacpp.version}/bin/python`)

  test.skipIf(!existsSync(installed))(
    'llama.cpp answers a chat (skipped unless scripts/build-llama-cpp.sh was run)',
    async () => {
      const model = join(folder, 'tiny.gguf')
      writeTinyGguf(model)
      const engine_args = ['--n_ctx', '256', '--n_threads', '1']
      const smoke = { prompt: 'Hello' }
      const node = await launched({ engine: 'llamacpp', model, engine_args, smoke }, home)
      expect(node).toMatchObject({ status: 'active', smoke: { tokens: expect.any(Number) } })
      expect(node?.smoke?.tokens_per_second).toBeGreaterThan(0)
      const { data } = (await (await fetch(`${node?.endpoint}/v1/models`)).json()) as {
        data: { id: string }[]
      }
      expect(data.map(({ id }) => id)).toEqual([model])
    },
    60_000,
  )
})
