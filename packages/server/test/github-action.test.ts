import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startCommand } from './support/command.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  PROGRAM,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
} from './support/processes.js'

const action = fileURLToPath(new URL('../../../integrations/github-action/', import.meta.url))

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>
  outputs: Record<string, { value: string }>
  runs: { steps: { id: string; shell: string; run: string; env: Record<string, string> }[] }
}

/** Runs the action's steps as GitHub's runner does. */
async function runAction(given: Record<string, string>, env: Record<string, string> = {}) {
  const defined = parse(await readFile(join(action, 'action.yml'), 'utf8')) as Action
  const folder = await temporaryFolder()
  const files = {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  }
  for (const file of Object.values(files)) await writeFile(file, '')
  const inputs: Record<string, string> = {
    url: server.url,
    token: TOKEN,
    command: `${process.execPath} ${PROGRAM}`,
    ...given,
  }
  for (const name of Object.keys(inputs)) expect(defined.inputs).toHaveProperty(name)
  const fill = (text: string) =>
    text.replace(/\$\{\{ (\S+) \}\}/g, (_all, name: string) => {
      if (name === 'github.action_path') return action
      const input = name.replace(/^inputs\./, '')
      expect(defined.inputs, name).toHaveProperty(input)
      return inputs[input] ?? defined.inputs[input]?.default ?? ''
    })
  const [step, ...more] = defined.runs.steps
  if (!step) throw new Error('the action has no step')
  expect(more).toEqual([])
  const script = join(folder, 'step.sh')
  await writeFile(script, fill(step.run))
  const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      ...files,
      ...Object.fromEntries(Object.entries(step.env).map(([name, text]) => [name, fill(text)])),
      ...env,
    },
  })
  let log = ''
  for (const out of [child.stdout, child.stderr]) out.on('data', (chunk) => (log += chunk))
  const [code] = (await once(child, 'close')) as [number]
  const values = Object.fromEntries(
    (await readFile(files.GITHUB_OUTPUT, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const outputs = Object.fromEntries(
    Object.entries(defined.outputs).map(([name, { value }]) => {
      const [, from = ''] = /^\$\{\{ steps\.launchtail\.outputs\.(\S+) \}\}$/.exec(value) ?? []
      return [name, values[from] ?? '']
    }),
  )
  return { code, log, outputs, summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8') }
}

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000).toISOString()

/** A launch that runs out of the GPU's memory, with lines that look like commands. */
async function failedNode(): Promise<string> {
  const id = await newNode(server)
  const answer = await server.post(`/admin/nodes/${id}/logs`, [
    { message: 'Waiting', phase: 'queued', timestamp: at(0) },
    { message: '::error::not ours', phase: 'provisioning', timestamp: at(5) },
    { message: 'old ##[error]not ours', phase: 'provisioning', timestamp: at(6) },
    {
      message: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB | 100%',
      phase: 'model_loading',
      level: 'error',
      timestamp: at(95),
    },
    { message: 'vLLM exited with code 1', phase: 'failed', level: 'error', timestamp: at(100) },
  ])
  expect(answer.status).toBe(202)
  return id
}

describe('the action', () => {
  it('fails with the outcome’s code, an annotation with the cause, and a table of the phases', async () => {
    const id = await failedNode()
    const { code, log, outputs, summary } = await runAction({ node: id })
    expect(code, log).toBe(2)
    expect(outputs).toEqual({
      'node-id': id,
      status: 'failed',
      endpoint: '',
      cause: 'gpu_out_of_memory',
    })
    const commands = log.split('\n').filter((line) => /^\s*::/.test(line))
    expect(commands.map((line) => line.replace(/::error title.*/, '::error …'))).toEqual([
      `::add-mask::${TOKEN}`,
      '::group::queued',
      '::endgroup::',
      '::group::provisioning',
      '::endgroup::',
      '::group::model_loading',
      '::endgroup::',
      '::group::failed',
      '::endgroup::',
      '::error …',
    ])
    expect(commands.at(-1)).toMatch(
      /^::error title=Launch failed in model_loading%3A gpu_out_of_memory::torch\.OutOfMemoryError: CUDA out of memory\. Tried to allocate 2\.00 GiB \| 100%25%0A\S/,
    )
    expect(log).toContain('::error::not ours')
    expect(log).not.toContain('##[')
    expect(summary).toMatch(/^### Launch of .*: failed in model loading\n/)
    expect(summary).toContain(
      '**gpu\\_out\\_of\\_memory**: torch.OutOfMemoryError: CUDA out of memory.',
    )
    expect(summary).toContain('2.00 GiB \\| 100%')
    expect(summary).toMatch(/\| Phase \| Took \|\n\| --- \| --- \|\n\| queued \| 5s \|\n/)
    expect(summary).toContain('| provisioning | 1m30s |')
    expect(log.replace(`::add-mask::${TOKEN}`, '') + summary).not.toContain(TOKEN)
  })

  it('launches a node and ends when it is active', async () => {
    const folder = await temporaryFolder()
    const task = join(folder, 'a task.yaml')
    await writeFile(task, 'run: exec sleep 60\n')
    const { code, log, outputs, summary } = await runAction({
      launch: `--file=${task}\n--readiness-from=job\n--env=WORDS=two words; $(false)\n`,
    })
    expect(code, log).toBe(0)
    expect(outputs).toMatchObject({ status: 'active', cause: '' })
    expect(outputs['node-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(log).toMatch(/^::notice title=Node is active::/m)
    expect(summary).toMatch(/: active\n/)
    await server.fetch(`/admin/nodes/${outputs['node-id']}/terminate`, { method: 'POST' })
  })

  it('shows no secret of a launch', async () => {
    const folder = await temporaryFolder()
    const task = join(folder, 'task.yaml')
    await writeFile(task, 'run: echo "using $API_KEY"; exit 3\n')
    const secret = 'correct-horse-battery-staple'
    const { code, log, summary } = await runAction(
      { launch: `--file=${task}\n--secret=API_KEY\n` },
      { API_KEY: secret },
    )
    expect(code, log).toBe(2)
    expect(log).toContain('using ***')
    expect(log + summary).not.toContain(secret)
  })

  it('says what is wrong with its inputs, and when the node is not known', async () => {
    for (const inputs of [{}, { node: 'a', launch: '--gpu=x' }]) {
      const { code, log } = await runAction(inputs)
      expect(code).toBe(1)
      expect(log).toContain("::error title=Launchtail::Give either 'launch' or 'node'.")
    }
    expect((await runAction({ node: 'nobody' })).code).toBe(4)
    expect((await runAction({ node: 'nobody', token: 'wrong-token' })).code).toBe(5)
  })
})

describe('launchtail logs -o github', () => {
  it('works outside of a runner, and needs a single node', async () => {
    const id = await failedNode()
    const { stdout, code } = await startCommand(server.url, ['logs', '-o', 'github', id]).ended
    // Without -f the exit code tells only that the log was shown.
    expect(code).toBe(0)
    expect(stdout).toMatch(/\n::error title=Launch failed in model_loading/)
    for (const args of [
      ['--all', '-f'],
      [id, id],
    ]) {
      const refused = await startCommand(server.url, ['logs', '-o', 'github', ...args]).ended
      expect([refused.code, refused.stderr]).toEqual([
        1,
        'launchtail: -o github needs a single node, without --launch\n',
      ])
    }
  })
})
