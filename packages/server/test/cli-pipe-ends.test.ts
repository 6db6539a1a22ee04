import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { NodeRecord } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createAddressReader } from '../src/cli/pipe/addresses.js'
import { freePort } from '../src/launch/local/port.js'
import { type CommandOptions, startCommand } from './support/command.js'
import {
  endAll,
  type RunningServer,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'

const shell = (script: string) => ['--', 'sh', '-c', script]
const LOADING = 'echo "INFO 01-02 03:04:05 [core.py:7] Starting to load model facebook/opt-125m..."'

afterAll(endAll)

describe.each(['SQLite', 'Redis'])('the end of a piped command, its log in %s', (on) => {
  let server: RunningServer
  let env: Record<string, string> = {}
  let made = 0

  beforeAll(async () => {
    if (on === 'Redis') env = { REDIS_URL: (await startRedis()).url }
    server = await startServer({ env })
  })

  const freshId = () => `${on.toLowerCase()}-${++made}`
  const pipe = (id: string, args: string[], options?: CommandOptions) =>
    startCommand(server.url, ['pipe', id, '--create', ...args], options)

  async function nodeOf(id: string, at = server): Promise<NodeRecord> {
    return (await (await at.fetch(`/admin/nodes/${id}`)).json()) as NodeRecord
  }

  it('fails the launch with its exit code, for the reason that its output shows', async () => {
    const id = freshId()
    const script = `${LOADING}; echo 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.'; exit 100`
    expect((await pipe(id, shell(script)).ended).code).toBe(100)
    const { status, failure } = await nodeOf(id)
    expect({ status, failure }).toMatchObject({
      status: 'failed',
      failure: {
        code: 'gpu_out_of_memory',
        phase: 'model_loading',
        message: expect.stringContaining('CUDA out of memory'),
        details: expect.stringContaining('the command left with exit code 100'),
        evidence: [{ index: 1 }],
      },
    })
  })

  it('is that of SkyPilot’s own command whose setup has failed', async () => {
    const id = freshId()
    // What 0.14.1 prints, up to the job and from where its setup fails.
    const script = `cat '${LAUNCH_LOG}'; cat; exit 100`
    const { code } = await pipe(id, shell(script), { input: SETUP_FAILS }).ended
    expect(code).toBe(100)
    const { failure } = await nodeOf(id)
    expect(failure).toMatchObject({ code: 'package_not_found', phase: 'installing' })
    expect(failure?.details).toContain('the command left with exit code 100')
  })

  it('leaves a node active that is, whatever comes of reading its log', async () => {
    const id = freshId()
    const script = `echo one; read go; exit 0`
    const { child, ended } = pipe(id, shell(script), { open: true })
    await until('the line', async () => (await nodeOf(id)).message === 'one')
    const endpoint = 'http://10.0.0.1:8000'
    const mark = ['mark', id, 'active', '--endpoint', endpoint]
    const marked = await startCommand(server.url, mark).ended
    expect(marked).toEqual({ stdout: `${id} is active: ${endpoint}\n`, stderr: '', code: 0 })
    child.stdin.end('go\n')
    expect((await ended).code).toBe(0)
    expect(await nodeOf(id)).toMatchObject({ status: 'active', endpoint })
  })

  it('is that of a signal if one ends it, here or there', async () => {
    const killed = freshId()
    expect((await pipe(killed, shell('kill -9 $$')).ended).code).toBe(137)
    expect((await nodeOf(killed)).failure?.message).toBe('the command was ended by SIGKILL')
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const id = freshId()
      const { child, out, ended } = pipe(id, ['--', 'node', '-e', WAITS])
      await until('the command', () => out.stdout.includes('waiting'))
      child.kill(signal)
      expect((await ended).code).toBe(code)
      expect((await nodeOf(id)).failure).toMatchObject({ code: 'cancelled' })
    }
  })

  it('is not held up by what a command that failed leaves running', async () => {
    const id = freshId()
    const { code } = await pipe(id, shell('sleep 1000 & echo pid $!; exit 9')).ended
    expect(code).toBe(9)
    const { logs } = (await (await server.fetch(`/admin/nodes/${id}/logs`)).json()) as {
      logs: { message: string }[]
    }
    process.kill(Number(/\d+/.exec(logs[0]?.message ?? '')?.[0]))
    expect(await nodeOf(id)).toMatchObject({ status: 'failed' })
  }, 30_000)

  it('is told if the command cannot be run at all', async () => {
    const id = freshId()
    const { code, stderr } = await pipe(id, ['--', 'no-such-command']).ended
    expect(code).toBe(127)
    expect(stderr).toMatch(/^launchtail: no-such-command cannot be run: .*\n$/)
    expect(await nodeOf(id)).toMatchObject({ status: 'failed' })
  })

  it('comes through a restart of the server right before it', async () => {
    const dataDir = await temporaryFolder()
    const port = await freePort()
    let away = await startServer({ dataDir, port, env })
    const id = freshId()
    const { child, out, ended } = startCommand(
      away.url,
      ['pipe', id, '--create', ...shell('echo before; read go; echo after; exit 3')],
      { open: true },
    )
    await until('the line', async () => (await nodeOf(id, away)).message === 'before')
    await away.kill()
    child.stdin.end('go\n')
    await until('the end', () => out.stdout.includes('after'))
    away = await startServer({ dataDir, port, env })
    expect((await ended).code).toBe(3)
    expect(await nodeOf(id, away)).toMatchObject({ status: 'failed', message: /exit code 3/ })
    const { logs } = (await (await away.fetch(`/admin/nodes/${id}/logs`)).json()) as {
      logs: { message: string }[]
    }
    const messages = logs.map(({ message }) => message)
    expect(messages).toEqual(['before', 'after', 'the command left with exit code 3'])
  }, 30_000)

  it('loses the launch when the command line itself is killed, also over a restart', async () => {
    const dataDir = await temporaryFolder()
    let away = await startServer({ dataDir, env })
    const id = freshId()
    const { child, ended } = startCommand(
      away.url,
      ['pipe', id, '--create', '--lost-after', '7s', ...shell(`${LOADING}; exec sleep 1000`)],
      {},
    )
    await until('the line', async () => (await nodeOf(id, away)).phase === 'model_loading')
    // Silence alone loses nothing, as long as the command line is there.
    await new Promise((resolve) => setTimeout(resolve, 13_000))
    expect(await nodeOf(id, away)).toMatchObject({ status: 'launching' })
    child.kill('SIGKILL')
    await ended
    await away.stop()
    away = await startServer({ dataDir, env })
    const lost = async () => (await nodeOf(id, away)).status === 'failed'
    await until('the launch to be lost', lost, 25_000)
    expect((await nodeOf(id, away)).failure).toMatchObject({ code: 'lost', phase: 'model_loading' })
  }, 60_000)

  it('waits until the server is ready at the address that is given', async () => {
    const serves = await startModelServer()
    const id = freshId()
    const args = ['--ready-url', `${serves.base}/ready?deep=1`, ...shell('echo deployed')]
    const { out, ended } = pipe(id, args)
    await until('the server to be asked', () => serves.asked.includes('/ready'))
    expect(await nodeOf(id)).toMatchObject({ status: 'launching' })
    serves.becomeReady()
    expect((await ended).code).toBe(0)
    expect(out.stderr).toBe(`launchtail: the node is active at ${serves.base}\n`)
    expect(await nodeOf(id)).toMatchObject({ status: 'active', endpoint: serves.base })
  }, 20_000)

  it('waits until the server is ready at the address in the output', async () => {
    const serves = await startModelServer()
    const id = freshId()
    const script = `echo "Read https://example.com/docs"; echo "Web function serve => ${serves.base}/."; sleep 0.3`
    const { ended } = pipe(id, ['--endpoint', ...shell(script)])
    await until('the server to be asked', () => serves.asked.includes('/health'))
    serves.becomeReady()
    expect((await ended).code).toBe(0)
    expect(await nodeOf(id)).toMatchObject({ status: 'active', endpoint: serves.base })
  }, 20_000)

  it('is a failure if the server is not ready in time, or somebody says so meanwhile', async () => {
    const id = freshId()
    const address = `http://127.0.0.1:${await freePort()}`
    const flags = ['--endpoint', address, '--ready-timeout', '1s']
    const { code, stderr } = await pipe(id, [...flags, ...shell('echo deployed')]).ended
    expect(code).toBe(2)
    const reason = `not ready within 1s: no server answers at ${address}`
    expect(stderr).toBe(`launchtail: the launch has failed: ${reason}\n`)
    expect((await nodeOf(id)).failure).toMatchObject({ code: 'health_timeout', message: reason })

    const other = freshId()
    const waiting = pipe(other, ['--endpoint', address, ...shell('echo deployed')])
    await until('the output', async () => (await nodeOf(other)).message === 'deployed')
    const mark = ['mark', other, 'failed', '--code', 'preempted']
    await startCommand(server.url, mark).ended
    expect((await waiting.ended).code).toBe(2)
  }, 30_000)

  it('is of a new launch where the last one has failed', async () => {
    const id = freshId()
    await pipe(id, shell('echo one; exit 1')).ended
    const { child, ended } = pipe(id, shell('echo two; read go; exit 4'), { open: true })
    await until('the output', async () => (await nodeOf(id)).message === 'two')
    expect(await nodeOf(id)).toMatchObject({ status: 'launching', phase: 'queued' })
    child.stdin.end('go\n')
    expect((await ended).code).toBe(4)
    expect((await nodeOf(id)).failure?.message).toContain('exit code 4')
  })
})

describe('a mark', () => {
  it('is refused in a sentence, and told where it changes nothing', async () => {
    const server = await startServer()
    const run = (...args: string[]) => startCommand(server.url, ['mark', ...args]).ended
    await server.post('/admin/nodes', { node_id: 'n' })
    for (const [args, code, message] of [
      [['nobody', 'active'], 4, 'no node is called "nobody"; see "launchtail nodes"'],
      [['n', 'gone'], 1, /Allowed choices are active, failed, terminated/],
      [['n', 'failed', '--code', 'preemted'], 1, /argument 'preemted' is invalid/],
      [['n', 'failed', '--endpoint', 'http://a'], 1, /'endpoint' belongs to an active node alone/],
    ] as const) {
      const { stderr, ...ended } = await run(...args)
      expect(ended).toEqual({ stdout: '', code })
      expect(stderr).toMatch(message)
    }
    expect(await run('n', 'terminated')).toMatchObject({ stdout: 'n is terminated\n', code: 0 })
    const stays = 'launchtail: n is terminated; it stays so\n'
    expect(await run('n', 'failed')).toEqual({ stdout: '', stderr: stays, code: 1 })
  })
})

describe('addresses in output', () => {
  it.each([
    ['Endpoint: http://34.1.2.3:30080', 'http://34.1.2.3:30080'],
    ['8000: 34.1.2.3:8000', undefined],
    ['The endpoint is 34.1.2.3:8000', 'http://34.1.2.3:8000'],
    [
      '├── 🔨 Created web function serve => https://me--app-serve.modal.run',
      'https://me--app-serve.modal.run',
    ],
    [
      'Service is published at http://localhost:3000/proxy/services/main/llama/.',
      'http://localhost:3000/proxy/services/main/llama',
    ],
    ['Forwarding from 127.0.0.1:8000 -> 8000', 'http://127.0.0.1:8000'],
    [
      'INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)',
      'http://127.0.0.1:8000',
    ],
    ['(vllm, pid=77) INFO:     Uvicorn running on http://0.0.0.0:8000', undefined],
    [
      '\u001b[32mendpoint\u001b[0m: \u001b[4mhttps://x-8000.proxy.runpod.net\u001b[0m',
      'https://x-8000.proxy.runpod.net',
    ],
    [
      'Service is published at: \n  http://localhost:3000/proxy/services/main/qwen/',
      'http://localhost:3000/proxy/services/main/qwen',
    ],
    [
      '└── Created web function serve =>\n    https://me--qwen-serve.modal.run',
      'https://me--qwen-serve.modal.run',
    ],
    ['Running setup:\nnothing\nhttps://pypi.org/simple', undefined],
    ['Downloading from https://huggingface.co/x/y', undefined],
    ['serving at http://[', undefined],
  ])('reads %j', (line, address) => {
    const read = createAddressReader()
    expect(read(`before\n${line}\nafter\n`)).toEqual(address ? [address] : [])
  })
})

const LAUNCH_LOG = fileURLToPath(new URL('fixtures/skypilot-0.14/cli-launch.log', import.meta.url))
const SETUP_FAILS = `(setup pid=17687) ERROR: Could not find a version that satisfies the requirement no-such-package (from versions: none)
(setup pid=17687) ERROR: No matching distribution found for no-such-package
srun: error: vm: task 0: Exited with exit code 1
ERROR: Job 1's setup failed with return code 1 (pid=17687). See error logs above for more details.
✓ Job finished (status: FAILED_SETUP).
srun: error: vm: task 0: Exited with exit code 100
`

const WAITS = 'console.log("waiting"); setInterval(() => {}, 1000)'

/** A model server that is not ready until it is told to be. */
async function startModelServer() {
  const asked: string[] = []
  let status = 503
  const server = createServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    asked.push(pathname)
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    base: `http://127.0.0.1:${port}`,
    asked,
    becomeReady() {
      status = 200
    },
  }
}
