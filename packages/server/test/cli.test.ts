import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  endAll,
  freePort,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli/index.js', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../../examples/local-node.yaml', import.meta.url))
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

interface RunOptions {
  env?: Record<string, string>
  input?: string
}

/** Starts the command as a user would, with nothing of this process's settings. */
function start(args: string[], { env = {}, input }: RunOptions = {}) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      LAUNCHTAIL_URL: server.url,
      LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
      ...env,
    },
  })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    out.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    out.stderr += chunk
  })
  // One that has left takes no input any more.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = once(child, 'close').then(([code]) => ({ ...out, code: code as number | null }))
  return { child, out, ended }
}

const run = (args: string[], options?: RunOptions) => start(args, options).ended

async function send(nodeId: string, entries: unknown): Promise<void> {
  const response = await server.post(`/admin/nodes/${nodeId}/logs`, entries)
  expect(response.status).toBe(202)
}

async function messagesOf(nodeId: string, on = server): Promise<string[]> {
  const response = await on.fetch(`/admin/nodes/${nodeId}/logs?tail=all`)
  const { logs } = (await response.json()) as { logs: { message: string }[] }
  return logs.map(({ message }) => message)
}

describe('launch', () => {
  it('follows the example node to active and leaves with 0', async () => {
    const { stdout, code } = await run(['launch', '--file', EXAMPLE, '--wait'])
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(/^Launching cic-local-local-cpu-od-[0-9a-f]{6} \([0-9a-f-]{36}\)\n/)
    expect(stdout).toContain('Node is ready and serving requests!')
    // Not on a terminal: no colours, nothing that moves the cursor.
    expect(stdout).not.toContain('\x1b')
    const id = /\(([0-9a-f-]{36})\)/.exec(stdout)?.[1] as string
    const ended = await run(['terminate', id.slice(0, 12)])
    expect(ended.code, ended.stderr).toBe(0)
  }, 60_000)

  it('shows why a launch failed and leaves with 2', async () => {
    const input = 'setup: |\n  echo about to fail\n  exit 9\nrun: echo never\n'
    const { stdout, code } = await run(['launch', '--file', '-', '--wait'], { input })
    expect(code, stdout).toBe(2)
    expect(stdout).toContain('about to fail')
    expect(stdout).toMatch(/error: .*exit code 9/)
  })

  it('takes a secret’s value from the environment, and never shows it', async () => {
    const input = 'run: |\n  echo "it is $MY_SECRET"\n  exit 4\n'
    const { stdout, stderr, code } = await run(
      ['launch', '--file', '-', '--wait', '--secret', 'MY_SECRET'],
      { input, env: { MY_SECRET: 'swordfish-77' } },
    )
    expect(code).toBe(2)
    expect(stdout).toContain('it is ***')
    expect(stdout + stderr).not.toContain('swordfish-77')
  })
})

describe('logs', () => {
  it('shows a node by its id, a unique beginning of it, and with -f to the end', async () => {
    await server.post('/admin/nodes', { node_id: 'logs-abc-1' })
    await send('logs-abc-1', [
      { message: 'first', progress: 5 },
      { message: 'bad', level: 'error' },
    ])
    const shown = await run(['logs', 'logs-abc'])
    expect(shown.code, shown.stderr).toBe(0)
    expect(shown.stdout).toMatch(/ queued +5% first\n.* queued +error: bad\n$/)

    const following = start(['logs', '-f', '-o', 'raw', 'logs-abc-1'])
    await until('the history', () => following.out.stdout.includes('bad'))
    await send('logs-abc-1', { message: 'ready', phase: 'active' })
    expect(await following.ended).toMatchObject({ stdout: 'first\nbad\nready\n', code: 0 })

    const json = await run(['logs', '-o', 'json', '--tail', '1', 'logs-abc-1'])
    const events = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ event }) => event)).toEqual(['log', 'done'])
    expect(events[0]).toMatchObject({ node_id: 'logs-abc-1', data: { message: 'ready' } })
  })

  it('shows several nodes at once, each with its name', async () => {
    for (const id of ['many-a', 'many-b']) {
      await server.post('/admin/nodes', { node_id: id })
      await send(id, { message: `of ${id}`, phase: 'active' })
    }
    const { stdout, code } = await run(['logs', '-f', 'many-a', 'many-b'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^many-a .* of many-a$/m)
    expect(stdout).toMatch(/^many-b .* of many-b$/m)
  })

  it('shows nothing that steers a terminal', async () => {
    await server.post('/admin/nodes', { node_id: 'steer' })
    await send('steer', { message: 'a\u001b]52;c;aGk=\u0007b\u001b[31mc\u202ed\r\ne' })
    const { stdout } = await run(['logs', 'steer'])
    expect(stdout.trimEnd()).toMatch(/ abcd e$/)
  })

  it('is quiet when its reader has seen enough', async () => {
    await server.post('/admin/nodes', { node_id: 'pipe-closed' })
    await send(
      'pipe-closed',
      Array.from({ length: 5000 }, (_, i) => ({ message: `line ${i}` })),
    )
    const { child, out, ended } = start(['logs', '--tail', 'all', 'pipe-closed'])
    child.stdout.once('data', () => child.stdout.destroy())
    await ended
    expect(out.stderr).toBe('')
    expect(child.exitCode).toBe(0)
  })

  it('leaves with 130 on Ctrl-C', async () => {
    await server.post('/admin/nodes', { node_id: 'interrupted' })
    await send('interrupted', { message: 'here' })
    const { child, out, ended } = start(['logs', '-f', 'interrupted'])
    await until('the log', () => out.stdout.includes('here'))
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
  })
})

describe('pipe', () => {
  it('passes a command through, sends its output in live, and leaves as it leaves', async () => {
    const { out, ended } = start([
      'pipe',
      'piped',
      '--create',
      '--',
      'sh',
      '-c',
      'echo one; echo two >&2; printf half; sleep 1; echo " line"; exit 7',
    ])
    // While the command still runs.
    await until('the first lines in the log', async () => {
      const messages = await messagesOf('piped').catch((): string[] => [])
      return messages.includes('one') && messages.includes('two')
    })
    expect(out.stdout).not.toContain('line')
    const { stdout, stderr, code } = await ended
    expect({ stdout, stderr, code }).toEqual({
      stdout: 'one\nhalf line\n',
      stderr: 'two\n',
      code: 7,
    })
    expect([...(await messagesOf('piped'))].sort()).toEqual(['half line', 'one', 'two'])
  })

  it('loses and doubles nothing when the server is killed and started again in between', async () => {
    const dataDir = await temporaryFolder()
    const port = await freePort()
    let away = await startServer({ dataDir, port })
    await away.post('/admin/nodes', { node_id: 'survivor' })
    const count = 120
    const { out, ended } = start(
      [
        'pipe',
        'survivor',
        '--',
        'sh',
        '-c',
        `for i in $(seq 1 ${count}); do echo "line $i"; sleep 0.03; done`,
      ],
      { env: { LAUNCHTAIL_URL: away.url } },
    )
    for (const at of [20, 60]) {
      await until(`line ${at}`, () => out.stdout.includes(`line ${at}\n`))
      await away.kill()
      await until(`line ${at + 15}`, () => out.stdout.includes(`line ${at + 15}\n`))
      away = await startServer({ dataDir, port })
    }
    const { code, stderr } = await ended
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('keeping the output until the server is back')
    const expected = Array.from({ length: count }, (_, i) => `line ${i + 1}`)
    expect(await messagesOf('survivor', away)).toEqual(expected)
  }, 60_000)

  it('says so where the command cannot be run', async () => {
    const { stderr, code } = await run(['pipe', 'nobody', '--create', '--', 'no-such-command-here'])
    expect(code).toBe(127)
    expect(stderr).toMatch(/^launchtail: no-such-command-here cannot be run: .*\n$/)
  })
})

describe('nodes, status and login', () => {
  it('list nodes, and tell one in full', async () => {
    await server.post('/admin/nodes', { node_id: 'told-in-full', model: 'm-1', provider: 'aws' })
    await send('told-in-full', { message: 'no capacity', phase: 'failed', level: 'error' })
    const listed = await run(['nodes', '--provider', 'aws'])
    expect(listed.stdout).toMatch(/^told-in-full +failed +no capacity$/m)
    const { stdout } = await run(['status', 'told-in-full'])
    expect(stdout).toContain('model     m-1')
    expect(stdout).toContain('no capacity')
    const json = await run(['status', 'told-in-full', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ node_id: 'told-in-full', status: 'failed' })
  })

  it('login keeps address and token for this account alone, and shows no token', async () => {
    const home = await temporaryFolder()
    const env = { HOME: home, LAUNCHTAIL_URL: '', LAUNCHTAIL_ADMIN_TOKEN: '' }
    const login = await run(['login', server.url], { env, input: `${TOKEN}\n` })
    expect(login.code, login.stderr).toBe(0)
    expect(login.stdout + login.stderr).not.toContain(TOKEN)
    const file = `${home}/.config/launchtail/config.json`
    expect(login.stdout).toContain(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ url: server.url, token: TOKEN })
    expect((await run(['nodes'], { env })).code).toBe(0)
  })
})

describe('what goes wrong is told in one sentence, with its code', () => {
  const oneSentence = /^launchtail: [^\n]+\n$/

  it('no server', async () => {
    const env = { LAUNCHTAIL_URL: `http://127.0.0.1:${await freePort()}` }
    const { stderr, code } = await run(['nodes'], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(oneSentence)
    expect(stderr).toContain('is the server running?')
  })

  it('a wrong token, and none', async () => {
    const wrong = await run(['nodes'], { env: { LAUNCHTAIL_ADMIN_TOKEN: 'wrong-token' } })
    expect(wrong).toMatchObject({ code: 5, stdout: '' })
    expect(wrong.stderr).toMatch(oneSentence)
    expect(wrong.stderr).not.toContain('wrong-token')
    const none = await run(['nodes'], { env: { LAUNCHTAIL_ADMIN_TOKEN: '' } })
    expect(none.code).toBe(5)
    expect(none.stderr).toContain('launchtail login')
  })

  it('an unknown node, and a beginning that fits two', async () => {
    const unknown = await run(['logs', 'nobody-is-called-so'])
    expect(unknown.code).toBe(4)
    expect(unknown.stderr).toMatch(oneSentence)
    for (const node_id of ['twin-1', 'twin-2']) await server.post('/admin/nodes', { node_id })
    const twins = await run(['logs', 'twin'])
    expect(twins.code).toBe(1)
    expect(twins.stderr).toMatch(/^launchtail: "twin" fits 2 nodes: twin-2, twin-1\n$/)
  })

  it('a config that cannot be read', async () => {
    const home = await temporaryFolder()
    await mkdir(`${home}/.config/launchtail`, { recursive: true })
    await writeFile(`${home}/.config/launchtail/config.json`, '{ half')
    const { stderr, code } = await run(['nodes'], { env: { HOME: home } })
    expect(code).toBe(1)
    expect(stderr).toMatch(oneSentence)
    expect(stderr).toContain('launchtail login')
  })

  it('a proxy’s page in place of the server', async () => {
    const proxy = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Sign in</h1>')
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as { port: number }
    const env = { LAUNCHTAIL_URL: `http://127.0.0.1:${port}` }
    for (const args of [['nodes'], ['status', 'x']]) {
      const { stderr, code } = await run(args, { env })
      expect(code).toBe(1)
      expect(stderr).toMatch(oneSentence)
      expect(stderr).toContain('something other than JSON')
    }
    proxy.close()
  })

  it('an unknown command, flag or level', async () => {
    expect((await run(['frobnicate'])).code).toBe(1)
    expect((await run(['nodes', '--frob'])).code).toBe(1)
    await server.post('/admin/nodes', { node_id: 'levelled' })
    const { stderr, code } = await run(['logs', '--level', 'loud', 'levelled'])
    expect({ stderr, code }).toEqual({ stderr: "launchtail: invalid 'level' value\n", code: 1 })
  })
})

it('every command has a help with what it is for', async () => {
  const { stdout } = await run(['--help'])
  const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name as string)
  expect(names).toEqual(expect.arrayContaining(['serve', 'launch', 'logs', 'pipe', 'replay']))
  for (const name of names.filter((name) => name !== 'help')) {
    const help = await run([name, '--help'])
    expect(help, name).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain(`Usage: launchtail ${name}`)
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    const completion = await run(['completion', shell])
    expect(completion.code).toBe(0)
    expect(completion.stdout).toContain('launchtail')
  }
})
