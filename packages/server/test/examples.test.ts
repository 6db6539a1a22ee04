import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer, TOKEN } from './support/processes.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

/** The launch that the specification shows, in short. */
async function nodeWithLaunch(nodeId: string): Promise<void> {
  await server.post('/admin/nodes', { node_id: nodeId })
  const phases = ['queued', 'provisioning', 'instance_ready', 'installing', 'model_loading']
  const entries = phases.map((phase, i) => ({ phase, progress: i * 15, message: `in ${phase}` }))
  await server.post(`/admin/nodes/${nodeId}/logs`, entries)
}

async function finish(nodeId: string): Promise<void> {
  await server.post(`/admin/nodes/${nodeId}/logs`, [
    { phase: 'health_check', level: 'error', message: 'one probe failed', progress: 90 },
    {
      phase: 'active',
      progress: 100,
      message: 'Node is ready and serving requests!',
      details: 'http://10.0.0.1:8000',
    },
  ])
}

/** Runs a program against the server; what it printed, and what it left with. */
async function run(command: string, args: string[], whenItHas?: [string, () => Promise<void>]) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, LAUNCHTAIL_URL: server.url, LAUNCHTAIL_ADMIN_TOKEN: TOKEN },
  })
  let output = ''
  let told = false
  const take = (chunk: Buffer) => {
    output += chunk
    if (!told && whenItHas && output.includes(whenItHas[0])) {
      told = true
      void whenItHas[1]()
    }
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const [code] = await once(child, 'close')
  return { output, code }
}

const LIVE = 'in model_loading'

it('the TypeScript example lists and follows a launch to its end', async () => {
  await nodeWithLaunch('typescript')
  const tsx = 'node_modules/tsx/dist/cli.mjs'
  const { output, code } = await run(
    process.execPath,
    [tsx, 'examples/seed/watch.ts', 'typescript'],
    ['[INFO] in model_loading', () => finish('typescript')],
  )
  expect(code, output).toBe(0)
  expect(output).toMatch(/\[\d{4}-[^\]]+\] in queued/)
  for (const line of [
    '[INFO] in queued',
    'Status: queued - 0%',
    'Status: model_loading - 60%',
    '[ERROR] one probe failed',
    'Error in health_check: one probe failed',
    'Launch complete: active',
    'Node ready at http://10.0.0.1:8000',
  ]) {
    expect(output.split('\n')).toContain(line)
  }
})

it('the Python example lists and follows a launch to its end', async () => {
  await nodeWithLaunch('python')
  const { output, code } = await run(
    'python3',
    ['-u', 'examples/seed/watch.py', 'python'],
    ['[INFO] in model_loading', () => finish('python')],
  )
  expect(code, output).toBe(0)
  for (const line of [
    '[INFO] in queued',
    'Status: queued - 0%',
    'ERROR in health_check: one probe failed',
    'Launch complete: active',
    'Endpoint: http://10.0.0.1:8000',
  ]) {
    expect(output.split('\n')).toContain(line)
  }
})

it('the curl example lists and follows a launch to its end', async () => {
  await nodeWithLaunch('curl')
  const { output, code } = await run(
    'sh',
    ['examples/seed/watch.sh', 'curl'],
    [`event: log\ndata: `, () => finish('curl')],
  )
  expect(code, output).toBe(0)
  const [json = ''] = output.split('\n')
  expect(JSON.parse(json)).toMatchObject({ node_id: 'curl', count: 5 })
  expect(output).toContain(LIVE)
  expect(output).toContain(
    'event: done\ndata: {"status":"active","endpoint":"http://10.0.0.1:8000","message":"Node is ready and serving requests!"}\n',
  )
})

it('the example node is launched, followed to active, and answers', async () => {
  const { output, code } = await run(process.execPath, ['examples/launch.mjs'])
  expect(code, output).toBe(0)
  const phases = [...output.matchAll(/^\d\d:\d\d:\d\d (\w+)/gm)].map(([, phase]) => phase)
  expect([...new Set(phases)]).toEqual([
    'queued',
    'provisioning',
    'instance_ready',
    'installing',
    'model_loading',
    'health_check',
    'active',
  ])
  const endpoint = /curl -s (http:\S+?)\/v1/.exec(output)?.[1]
  const models = await fetch(`${endpoint}/v1/models`)
  expect(await models.json()).toMatchObject({ object: 'list', data: [{ object: 'model' }] })
  const answer = await fetch(`${endpoint}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Tell me' }], max_tokens: 20 }),
  })
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] }
  expect(choices[0]?.message.content.length).toBeGreaterThan(0)
  const nodeId = /\(([0-9a-f-]{36})\)/.exec(output)?.[1]
  await server.post(`/admin/nodes/${nodeId}/terminate`, '')
}, 60_000)

it('a launch that fails says why, and the example leaves with code 2', async () => {
  const { writeFile } = await import('node:fs/promises')
  const { temporaryFolder } = await import('./support/processes.js')
  const task = `${await temporaryFolder()}/task.yaml`
  await writeFile(task, 'setup: |\n  echo preparing\n  exit 7\nrun: echo never\n')
  const { output, code } = await run(process.execPath, ['examples/launch.mjs', task])
  expect(code, output).toBe(2)
  expect(output).toContain('preparing')
  expect(output).toMatch(/failed: .*setup.* exit code 7/)
})
