import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LaunchRequest } from '@launchtail/client/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { clusterNameFor } from '../src/launch/cluster-name.js'
import { skyTaskOf, taskYaml } from '../src/launch/skypilot/task.js'
import { wordsOf } from '../src/launch/skypilot/words.js'
import { refusalOf } from './support/refusal.js'

const VERSIONS = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }

function taskFor(more: Partial<LaunchRequest>) {
  const request = { provider: 'aws', region: 'us-east-1', gpu: 'H100', model: 'org/model', ...more }
  return skyTaskOf(request, { versions: VERSIONS })
}

// biome-ignore lint/suspicious/noExplicitAny: what a reader of YAML makes of it
function yamlOf(more: Partial<LaunchRequest>): any {
  return parseDocument(taskYaml(taskFor(more), true), { version: '1.1' }).toJS()
}

function refusal(more: Partial<LaunchRequest>): string {
  return refusalOf(() => taskFor(more))
}

const HOSTILE = [
  '$(id)',
  '`id`',
  'a; id',
  "'; id; '",
  '"; id; "',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's, not ours
  '${HOME}',
  '$HOME',
  '*',
  'a b',
  '\\',
  'a\\',
  '|| id',
  '🦊 ü \u0085 \u2028 \x7f \ufeff',
  '=',
  'yes',
  '1:30',
  '0x10',
  '- a',
  '{a: b}',
  '#',
  '!!js/function "x"',
  '&a',
  '*a',
  '%',
  '@',
]

test('the fields of a request become a task for vLLM', () => {
  const made = yamlOf({
    gpu: 'A100-80GB',
    gpu_count: 8,
    tensor_parallel: 4,
    use_spot: true,
    disk_size: 512,
    vllm_args: '--max-model-len 8192',
    secrets: { HF_TOKEN: 'hf_x' },
  })
  expect(made).toMatchObject({
    name: 'vllm',
    resources: {
      infra: 'aws/us-east-1',
      accelerators: 'A100-80GB:8',
      use_spot: true,
      disk_size: 512,
      ports: ['8000'],
    },
    envs: {
      PORT: '8000',
      LAUNCHTAIL_MODEL: 'org/model',
      LAUNCHTAIL_TENSOR_PARALLEL: '4',
      LAUNCHTAIL_VLLM_ARGS: '--max-model-len\n8192',
      LAUNCHTAIL_VLLM_VERSION: '0.13.0',
    },
    secrets: { HF_TOKEN: 'hf_x' },
  })
})

test.each([
  [{ provider: 'AWS', region: 'local' }, { infra: 'aws' }],
  [{ provider: 'kubernetes', region: 'gke_x_y/z' }, { infra: 'kubernetes/gke_x_y/z' }],
  [{ provider: 'any', region: 'local' }, {}],
  [{ gpu: 'T4:2' }, { accelerators: 'T4:2', infra: 'aws/us-east-1' }],
])('resources of %j', (more, resources) => {
  const { ports: _, accelerators, ...rest } = yamlOf(more).resources
  expect({ ...rest, ...('accelerators' in resources && { accelerators }) }).toEqual(resources)
})

test('each setting of a GPU count is used: all GPUs of the machine unless said otherwise', () => {
  const parallel = (more: Partial<LaunchRequest>) => yamlOf(more).envs.LAUNCHTAIL_TENSOR_PARALLEL
  expect(parallel({ gpu_count: 4 })).toBe('4')
  expect(parallel({ gpu: 'T4:2' })).toBe('2')
  expect(parallel({ gpu_count: 4, tensor_parallel: 2 })).toBe('2')
  expect(parallel({})).toBe('1')
})

test('a secret is left out of the YAML where it is given another way', () => {
  const task = taskFor({ secrets: { HF_TOKEN: 'hf_x' }, envs: { MY_PASSWORD: 'p4ssw0rd', A: 'b' } })
  const made = JSON.parse(taskYaml(task, false))
  expect(made.secrets).toEqual({ HF_TOKEN: null, MY_PASSWORD: null })
  expect(made.envs.MY_PASSWORD).toBeUndefined()
  expect(taskYaml(task, false)).not.toMatch(/hf_x|p4ssw0rd/)
  expect(JSON.parse(taskYaml(task, true)).secrets).toEqual({
    HF_TOKEN: 'hf_x',
    MY_PASSWORD: 'p4ssw0rd',
  })
})

describe('values are values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const bin = join(folder, 'launchtail-vllm', 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(
    join(bin, 'vllm'),
    `#!${process.execPath}\nprocess.stdout.write(JSON.stringify(process.argv.slice(2)))\n`,
  )
  chmodSync(join(bin, 'vllm'), 0o755)

  /** What vLLM is given when the task is run as SkyPilot does, in bash with the task's variables. */
  function argumentsOf(more: Partial<LaunchRequest>): string[] {
    const { run, envs } = yamlOf(more)
    const { stdout, stderr } = spawnSync('bash', ['-c', run], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...envs, HOME: folder },
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }

  test.each(HOSTILE)('model %j', (model) => {
    if (/^[-\s]/.test(model)) return expect(refusal({ model })).toContain('"model" must not begin')
    expect(argumentsOf({ model })).toEqual([
      ...['serve', model, '--host', '0.0.0.0', '--port', '8000'],
      ...['--tensor-parallel-size', '1'],
    ])
  })

  test.each(HOSTILE)('an argument %j of vLLM’s', (value) => {
    const quoted = `"${value.replace(/[\\"]/g, '\\$&')}"`
    const given = argumentsOf({ vllm_args: `--served-model-name ${quoted} --enforce-eager` })
    expect(given.slice(8)).toEqual(['--served-model-name', value, '--enforce-eager'])
  })

  test.each(HOSTILE)('a variable %j', (value) => {
    const more = { envs: { OWN: value }, secrets: { HF_TOKEN: value } }
    expect(yamlOf(more)).toMatchObject({ envs: { OWN: value }, secrets: { HF_TOKEN: value } })
  })

  // What is also a name may be one that the cloud does not know.
  const namingNothing = HOSTILE.filter((value) => !/^[a-z0-9][a-z0-9:]*$/i.test(value))

  test.each(namingNothing)('%j as a place or a GPU is refused', (value) => {
    for (const more of [{ provider: value }, { region: value }, { gpu: value }]) {
      if (value === '*' && 'region' in more) continue
      expect(refusal(more), JSON.stringify(more)).toMatch(/^the task cannot be launched: "/)
    }
  })

  const hasPyYaml = spawnSync('python3', ['-c', 'import yaml']).status === 0
  test.skipIf(!hasPyYaml)('Python reads the same of the YAML (PyYAML must be there)', () => {
    const envs = Object.fromEntries(HOSTILE.map((value, i) => [`V${i}`, value]))
    const yaml = taskYaml(taskFor({ envs, model: '🦊=' }), true)
    const read =
      'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer.read())))'
    const made = JSON.parse(
      execFileSync('python3', ['-c', read], { input: yaml, encoding: 'utf8' }),
    )
    expect(made).toEqual(JSON.parse(JSON.stringify(yamlOf({ envs, model: '🦊=' }))))
    expect(made.envs).toMatchObject({ ...envs, LAUNCHTAIL_MODEL: '🦊=' })
  })
})

test('a command line is cut into words as a shell would, and no more is done with them', () => {
  expect(wordsOf(`  --a  'b c'  d"e f"g\\ h '' "\\"\\$x" $(id) `)).toEqual([
    ...['--a', 'b c', 'de fg h', '', '"\\$x', '$(id)'],
  ])
  expect(wordsOf('')).toEqual([])
  expect(() => wordsOf(`--a 'b`)).toThrow("has a ' that nothing closes")
})

test('all that is wrong is said at once', () => {
  const said = refusal({
    provider: 'a/b',
    region: 'x y',
    gpu: '-x',
    model: '-m',
    vllm_args: 'serve --port 1 "a',
    envs: { PORT: 'x', SKYPILOT_DEBUG: '1' },
  })
  for (const words of ['"provider"', '"region"', '"gpu"', '"model"', '"vllm_args"', 'PORT']) {
    expect(said).toContain(words)
  }
  expect(said).toContain('"SKYPILOT_DEBUG" is a name of SkyPilot')
})

test.each([
  [{ model: undefined }, '"model" is missing'],
  [{ gpu: 'cpu' }, '"gpu" is missing'],
  [{ tensor_parallel: 2 }, '"tensor_parallel" is 2, and there are 1 GPUs'],
  [{ gpu: 'T4:2', gpu_count: 4 }, '"gpu" says 2 and "gpu_count" says 4'],
  [{ vllm_args: '--port=1' }, 'must not hold --port'],
  [{ vllm_args: '--model x' }, 'must not hold --model'],
  [{ vllm_args: '-tp 2' }, 'must not hold -tp'],
  [{ vllm_args: '"a\nb"' }, 'line end'],
  [{ vllm_args: 'other' }, 'must begin with an option'],
  [{ envs: { LAUNCHTAIL_MODEL: 'x' } }, '"LAUNCHTAIL_MODEL" is a name'],
  [{ provider: 'any' }, '"region" needs a "provider"'],
  [{ envs: { A: 'a\0b' } }, 'must not hold a NUL'],
])('refuses %j', (more, words) => {
  expect(refusal(more as Partial<LaunchRequest>)).toContain(words)
})

describe('a task of the caller’s own', () => {
  const own = (task: string, more: Partial<LaunchRequest> = {}) =>
    yamlOf({ model: undefined, gpu: 'cpu', task, ...more })
  const refused = (task: string, more: Partial<LaunchRequest> = {}) =>
    refusal({ model: undefined, gpu: 'cpu', task, ...more })

  test('keeps what is its own, and is given what it leaves open', () => {
    const task = `
name: mine
num_nodes: 2
resources: {cpus: 4+, ports: [9000, 9001], any_of: [{infra: aws}, {infra: gcp}]}
envs: {VERSION: 1.10, WANTED: null}
secrets: {HF_TOKEN: null}
volumes: {/data: mine}
run: serve
`
    expect(own(task, { envs: { WANTED: 'x', HF_TOKEN: 'hf_1' }, gpu: 'H100' })).toEqual({
      name: 'mine',
      num_nodes: 2,
      resources: { cpus: '4+', ports: [9000, 9001], any_of: [{ infra: 'aws' }, { infra: 'gcp' }] },
      envs: { VERSION: '1.10', WANTED: 'x', PORT: '9000' },
      secrets: { HF_TOKEN: 'hf_1' },
      volumes: { '/data': 'mine' },
      run: 'serve',
    })
    expect(refused(task)).toMatch(/"envs.WANTED" has no value.*"secrets.HF_TOKEN" has no value/)
  })

  test('runs on as many machines as the request or the task says', () => {
    expect(own('run: x', { num_nodes: 2 })).toMatchObject({ num_nodes: 2 })
    expect(own('run: x\nnum_nodes: 3', { num_nodes: 3 })).toMatchObject({ num_nodes: 3 })
    expect(own('run: x', { num_nodes: 1 })).not.toHaveProperty('num_nodes')
    const words = '"num_nodes" is 2, and the task says 3'
    expect(refused('run: x\nnum_nodes: 3', { num_nodes: 2 })).toContain(words)
    expect(refusal({ num_nodes: 2 })).toContain('"num_nodes" needs a "task" of your own')
  })

  test('a secret in its own envs is one', () => {
    const made = own('run: x\nenvs: {WANDB_API_KEY: abcdef123456}')
    expect(made.secrets).toEqual({ WANDB_API_KEY: 'abcdef123456' })
    expect(made.envs).toEqual({ PORT: '8000' })
  })

  test.each([
    ['file_mounts: {/x: /etc/shadow}', 'file_mounts'],
    ['file_mounts: {/x: ~/.ssh}', 'file_mounts'],
    ['file_mounts: {/x: ./data}', 'file_mounts'],
    ['file_mounts: {/x: {source: /etc, name: b}}', 'file_mounts'],
    ['file_mounts: {/x: {source: [/etc, s3://b], name: b}}', 'file_mounts'],
    ['file_mounts: {/x: file:///etc/shadow}', 'file_mounts'],
    ['file_mounts: [/etc]', 'file_mounts'],
    ['file_mounts_mapping: {a: /etc/shadow}', 'file_mounts_mapping'],
    ['workdir: .', 'workdir'],
    ['workdir: /etc', 'workdir'],
    ['workdir: {url: /etc}', 'workdir'],
    ['workdir: {url: "ext::sh -c id"}', 'workdir'],
    ['event_callback: id', 'event_callback'],
    ['config: {aws: {ssh_proxy_command: id}}', 'config'],
    ['experimental: {config_overrides: {}}', 'experimental'],
    ['resources: {_cluster_config_overrides: {}}', 'begin with "_"'],
    ['resources: {any_of: [{_x: 1}]}', 'begin with "_"'],
  ])('may not reach for the server: %s', (text, words) => {
    expect(refused(`run: x\n${text}`)).toContain(words)
  })

  test.each([
    'file_mounts: {/x: s3://bucket/a}',
    'file_mounts: {/x: {name: bucket, mode: MOUNT}}',
    'file_mounts: {/x: {source: "gs://bucket", mode: COPY}}',
    'workdir: {url: "https://github.com/a/b", ref: main}',
  ])('may take from elsewhere: %s', (text) => {
    expect(refused(`run: x\n${text}`)).toBe('')
  })

  test('a bomb is refused and not taken apart: expanded it would never end', () => {
    const levels = Array.from({ length: 40 }, (_, level) => {
      const items = Array(10).fill(level === 0 ? 'x' : `*l${level - 1}`)
      return `l${level}: &l${level} [${items.join(', ')}]`
    })
    expect(refused(`${levels.join('\n')}\nrun: x\nfile_mounts: *l39\n`)).toMatch(/aliases/)
  })

  test('a giant is refused', () => {
    expect(refused(`run: x\n# ${'y'.repeat(5 * 1024 * 1024)}`)).toMatch(/more than 262144/)
  })

  test('a hundred thousand brackets are refused', () => {
    expect(refused(`run: ${'['.repeat(100_000)}`)).toMatch(/nested deeper than 32/)
  })

  test('code is refused', () => {
    expect(refused('run: !!js/function "function () { process.exit(1) }"')).toMatch(
      /it is not YAML: Unresolved tag: \S+js\/function/,
    )
  })
})

test('two nodes whose ids share six digits never share a cluster’s name', async () => {
  const taken = new Set<string>()
  const name = (nodeId: string) =>
    clusterNameFor({
      ...{ prefix: 'cic', nodeId, provider: 'aws', region: 'us-east-1', gpu: 'H100', spot: false },
      taken: async (one) => taken.has(one),
    })
  taken.add(await name('550e8400-e29b'))
  expect(taken.has(await name('550e8401-e29b'))).toBe(false)
})

test.skipIf(!existsSync('/bin/bash'))('its scripts are read by bash', () => {
  const { setup, run } = yamlOf({})
  for (const script of [setup, run]) {
    expect(spawnSync('bash', ['-n', '-c', script], { encoding: 'utf8' }).stderr).toBe('')
  }
})
