import { expect, test } from 'vitest'
import { withoutSecrets } from '../src/launch/asked.js'
import { planOf } from '../src/launch/local/plan.js'
import { parseTask } from '../src/launch/task.js'
import { cpuTime, expectLinear } from './support/linear.js'

test('reads a SkyPilot task and keeps what is SkyPilot’s', () => {
  const task = parseTask(`
name: vllm
resources:
  accelerators: A100:1
  ports: 8000
envs:
  VERSION: 1.10
  DEBUG: yes
  MODEL: "$(id)"
secrets:
  HF_TOKEN:
num_nodes: 1
service: {readiness_probe: /health}
setup: pip install vllm
run: |
  vllm serve
`)
  expect(task).toMatchObject({
    name: 'vllm',
    setup: 'pip install vllm',
    run: 'vllm serve\n',
    envs: { VERSION: '1.10', DEBUG: 'yes', MODEL: '$(id)' },
    secrets: { HF_TOKEN: null },
    resources: { accelerators: 'A100:1' },
    fields: { service: { readiness_probe: '/health' } },
  })
})

test('reads what a merge key brings in', () => {
  const task = parseTask('x: &x {A: 1, B: two}\nenvs:\n  <<: *x\n  C: 3.0\nrun: echo')
  expect(task.envs).toEqual({ A: '1', B: 'two', C: '3.0' })
})

test.each([
  ['', 'it must be a map'],
  ['- run: echo', 'it must be a map'],
  ['run: [', 'it is not YAML'],
  ['name: a\n---\nrun: echo', 'it must be a single document'],
  ['run: *x', 'x'],
  ['setup: echo', '"run" is missing'],
  ['run: "  "', '"run" is missing'],
  ['run: {}', '"run" must be a string'],
  ['run: echo\nnum_nodes: 0', '"num_nodes" must be a whole number, at least 1'],
  ['run: echo\nresources: A100', '"resources" must be a map'],
  ['run: "a\\0b"', '"run" must not contain a NUL'],
  ['run: echo\nenvs: {"a=b": c}', '"a=b"'],
])('refuses %j', (text, words) => {
  expect(() => parseTask(text)).toThrow(words)
})

test('names all faults in one sentence', () => {
  expect(() => parseTask('setup: 1\nenvs: []\nsecrets: {X: {}}')).toThrow(
    'the task cannot be launched: "setup" must be a string; "envs" must be a map of names to values; ' +
      '"secrets.X" must be a single value; "run" is missing',
  )
})

test('does not unfold a bomb of aliases', () => {
  const levels = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) {
    levels.push(`${to}: &${to} [${Array(9).fill(`*${from}`)}]`)
  }
  expect(() => parseTask(`${levels.join('\n')}\nrun: echo`)).toThrow('too many aliases')
})

test.each([
  [{ workdir: '.', run: 'x' }, '"workdir" is not available'],
  [{ file_mounts: { '/a': './a' }, run: 'x' }, '"file_mounts" is not available'],
  [{ num_nodes: 2, run: 'x' }, '"num_nodes" must be 1'],
  [{ secrets: { HF_TOKEN: null }, run: 'x' }, '"secrets.HF_TOKEN" has no value'],
  [{ envs: { PORT: 'http' }, run: 'x' }, 'PORT must be a whole number'],
])('the local launcher refuses %j', (task, words) => {
  const request = { provider: 'local', region: 'local', gpu: 'cpu', task: JSON.stringify(task) }
  expect(() => planOf(request, { env: {}, passEnv: [] })).toThrow(words)
})

test('the request’s values win, and all secrets are known as such', () => {
  const task = 'run: x\nenvs: {A: task, B: task}\nsecrets: {C: task-c, D: }'
  const request = { provider: 'local', region: 'local', gpu: 'cpu', task }
  const plan = planOf(
    { ...request, envs: { A: 'request' }, secrets: { C: 'request-c', D: 'request-d' } },
    { env: { PATH: '/bin', REDIS_URL: 'x', EXTRA: 'y' }, passEnv: ['EXTRA', 'NOT_SET'] },
  )
  expect(plan.environment).toEqual({
    ...{ PATH: '/bin', EXTRA: 'y' },
    ...{ A: 'request', B: 'task', C: 'request-c', D: 'request-d' },
  })
  expect(plan.secrets).toEqual(['request-c', 'request-d', 'task-c'])
})

const FULL = 256 * 1024

/** The largest tasks that are read, and the smallest that are refused, in each way a task can grow. */
const LARGE: Record<string, (size: number) => string> = {
  keys: (size) => lines(size, (n) => `K${n}: v`),
  variables: (size) => `envs:\n${lines(size, (n) => `  K${n}: v`)}`,
  'variables in braces': (size) => `envs: {${lines(size, (n) => `K${n}: v,`)}}`,
  secrets: (size) => `secrets:\n${lines(size, (n) => `  K${n}: "\\x41${n}"`)}`,
  entries: (size) => `a:\n${lines(size, () => '- a')}`,
  directives: (size) => '%\n'.repeat(size / 2),
  comments: (size) => '#\n'.repeat(size / 2),
  braces: (size) => '}\n'.repeat(size / 2),
  brackets: (size) => '['.repeat(size),
  lists: (size) => '- '.repeat(size / 2),
  maps: (size) => '{a: '.repeat(size / 4),
  anchors: (size) => lines(size, (n) => `K${n}: &a${n} v`),
  aliases: (size) => `a: &a v\n${lines(size, (n) => `K${n}: *a`)}`,
  tags: (size) => '!!x '.repeat(size / 4),
  marks: (size) => '! '.repeat(size / 2),
  documents: (size) => '---\n'.repeat(size / 4),
  ends: (size) => '...\n'.repeat(size / 4),
  tabs: (size) => '\t\n'.repeat(size / 2),
  colons: (size) => ': '.repeat(size / 2),
  questions: (size) => '? a\n'.repeat(size / 4),
  merges: (size) => `x: &x {A: 1}\nenvs: {${'<<: *x, '.repeat(size / 8)}}`,
  'a script': (size) => `run: |\n${'  echo\n'.repeat(size / 7)}`,
  'a quoted script': (size) => `run: "${'echo\\n'.repeat(size / 6)}"`,
  'a script in lines': (size) => `run: ${'echo\n  '.repeat(size / 7)}`,
  'a script of secrets': (size) => `run: |\n${'  --token abc-1\n'.repeat(size / 16)}`,
}

function lines(size: number, line: (n: number) => string): string {
  let text = ''
  for (let n = 0; text.length < size; n += 1) text += `${line(n)}\n`
  return text
}

test.each(Object.entries(LARGE))(
  'reads or refuses a task of many %s in linear time',
  (name, text) => {
    const read = (size: number) => {
      const task = text(size)
      try {
        parseTask(`${task.slice(0, FULL - 8)}\nrun: x`)
        withoutSecrets({ provider: 'aws', region: 'r', gpu: 'g', task }, [])
      } catch (error) {
        expect((error as Error).message).toContain('the task cannot be launched')
      }
    }
    expectLinear(name, read, { upTo: FULL - 64 })
    // Two cores are shared with other tests, so the bound is a generous one.
    expect(cpuTime(() => read(FULL - 64))).toBeLessThan(2000)
  },
)

test.each([
  ['keys', 'it has more than 2000 entries'],
  ['comments', 'it has more than 20000 parts'],
  ['brackets', 'it is nested deeper than 32'],
  ['aliases', 'it expands too many aliases'],
  ['documents', 'it must be a single document'],
])('refuses a task of too many %s', (name, words) => {
  expect(() => parseTask(LARGE[name]?.(FULL - 64) ?? '')).toThrow(words)
})

test.each(['a: 1\nb: 2\na: 3', '{"a": 1, "a": 2}', 'envs: {A: 1, A: 2}'])(
  'refuses a key that comes twice: %s',
  (text) => {
    expect(() => parseTask(`${text}`)).toThrow('Map keys must be unique')
  },
)
