import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { EXIT } from '../src/cli/exit.js'
import { freePort } from '../src/launch/local/port.js'
import { type CommandOptions, startCommand } from './support/command.js'
import {
  endAll,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const start = (args: string[], options?: CommandOptions) => startCommand(server.url, args, options)
const run = (args: string[], options?: CommandOptions) => start(args, options).ended

async function send(nodeId: string, entries: unknown): Promise<void> {
  const response = await server.post(`/admin/nodes/${nodeId}/logs`, entries)
  expect(response.status).toBe(202)
}

describe('launch', () => {
  it('follows the example node to active and leaves with 0, as the help says how to', async () => {
    const help = (await run(['--help'])).stdout
    const [serve = [], launch = []] = [...help.matchAll(/^ +\$ launchtail (.+?) {2,}in /gm)].map(
      ([, words = '']) => words.split(' '),
    )
    // The folder of a checkout, and nothing set but a free port.
    const cwd = await temporaryFolder()
    await symlink(fileURLToPath(new URL('../../../examples', import.meta.url)), `${cwd}/examples`)
    const nothing = { LAUNCHTAIL_ADMIN_TOKEN: '', LAUNCHTAIL_URL: '' }
    const served = start(serve, { cwd, env: { ...nothing, PORT: '0' } })
    onTestFinished(() => void served.child.kill())
    const url = await until('the server', () => /listens on (\S+)/.exec(served.out.stdout)?.[1])
    expect(url).not.toContain(':8080')
    // The address and the token of the server that was started in the same folder.
    const env = nothing
    const { stdout, stderr, code } = await run(launch, { cwd, env })
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/^Launching cic-local-local-cpu-od-[0-9a-f]{6} \([0-9a-f-]{36}\)\n/)
    expect(stdout).toContain('Node is ready and serving requests!')
    expect(stdout).toMatch(/\nactive http:\/\/127\.0\.0\.1:\d+\n$/)
    // Not on a terminal: no colours, nothing that moves the cursor.
    expect(stdout).not.toContain('\x1b')
    const id = /\(([0-9a-f-]{36})\)/.exec(stdout)?.[1] as string
    const cluster = /cic-\S+/.exec(stdout)?.[0] as string
    const told = await run(['status', cluster], { cwd, env })
    expect(told.stdout).toMatch(new RegExp(`^node +${id}\n`))
    const ended = await run(['terminate', id.slice(0, 12)], { cwd, env })
    expect(ended.code, ended.stderr).toBe(0)
  }, 60_000)

  it('plans a launch without making it, and leaves with 2 where it would be refused', async () => {
    const words = ['launch', '--file', '-', '--dry-run', '--node-id', 'only-planned']
    const { stdout, code } = await run(words, { input: 'run: sleep 1\n' })
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^It would be launched at:\n {2}local {2}- {2}no price known\n\n.*\n\nThe task:\n {2}run: sleep 1\n$/s,
    )
    expect((await server.fetch('/admin/nodes/only-planned')).status).toBe(404)
    const refused = await run(words, { input: 'run: sleep 1\nnum_nodes: 2\n' })
    expect(refused.code).toBe(2)
    expect(refused.stdout).toMatch(/^It would be refused:\n {2}task: "num_nodes" must be 1/)
  })

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
    const name = 'n\u001b]52;c;aGk=\u0007a\u001b[2Jme'
    await server.post('/admin/nodes', { node_id: 'steering-name', name, model: name })
    for (const args of [['nodes'], ['status', 'steering-name']]) {
      const told = await run(args)
      expect(told.stdout).toContain('name')
      expect(told.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
    }
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

describe('replay', () => {
  it('shows a log again, faster, and writes it into the log of a new node', async () => {
    await server.post('/admin/nodes', { node_id: 'played' })
    await send('played', [
      { message: 'first', timestamp: '2026-01-15T10:30:00Z', progress: 5 },
      { message: 'a minute later', timestamp: '2026-01-15T10:31:00Z', phase: 'installing' },
      { message: 'up', timestamp: '2026-01-15T10:32:00Z', phase: 'active' },
    ])
    const replayed = await run(['replay', 'played', '--speed', '600', '--into', 'played-again'])
    expect(replayed).toMatchObject({ code: 0, stderr: '' })
    expect(replayed.stdout).toMatch(
      /^10:30:00 queued +5% first\n10:31:00 installing +a minute later\n10:32:00 active +up\n$/,
    )
    const again = await run(['logs', '-o', 'raw', 'played-again'])
    expect(again.stdout).toBe('first\na minute later\nup\n')
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

  it('login takes the address that the other commands take', async () => {
    const env = { HOME: await temporaryFolder(), LAUNCHTAIL_URL: server.url }
    const login = await run(['login'], { env, input: TOKEN })
    expect(login.code, login.stderr).toBe(0)
    const file = `${env.HOME}/.config/launchtail/config.json`
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ url: server.url })
    const wrong = await run(['login', 'nonsense'], { env, input: TOKEN })
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.stderr).toContain('"nonsense" is not the address of a server')
  })
})

describe('what goes wrong is told in one sentence, with its code', () => {
  async function fault(args: string[], code: number, words: string, options?: CommandOptions) {
    const left = await run(args, options)
    expect(left).toMatchObject({ stdout: '', code })
    expect(left.stderr).toMatch(/^launchtail: [^\n]+\n$/)
    expect(left.stderr).toContain(words)
    return left
  }

  it('no server', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    for (const args of [['nodes'], ['logs', '-f', 'x'], ['pipe', 'x', '--', 'true']]) {
      const words = `no answer from ${url}; is a Launchtail server running there?`
      await fault([...args.slice(0, 1), '--url', url, ...args.slice(1)], 1, words)
    }
  })

  it('a wrong token, one that cannot be a token, and none', async () => {
    for (const [token, code, words] of [
      ['wrong-token', 5, 'invalid admin token: run "launchtail login"'],
      ['two\nlines', 1, 'the token has a character that no token can have'],
      ['', 5, `there is no token for ${server.url}: run "launchtail login ${server.url}"`],
    ] as const) {
      const { stderr } = await fault(['nodes'], code, words, {
        env: { LAUNCHTAIL_ADMIN_TOKEN: token },
      })
      expect(stderr).not.toMatch(/wrong-token|two/)
    }
  })

  it('an unknown node, and a beginning that fits two', async () => {
    await fault(['logs', 'nobody-is-called-so'], 4, 'no node is called "nobody-is-called-so"')
    for (const node_id of ['twin-1', 'twin-2']) await server.post('/admin/nodes', { node_id })
    await fault(['logs', 'twin'], 1, '"twin" matches 2 nodes: twin-2, twin-1')
  })

  it('a config that is not valid, or cannot be read', async () => {
    const home = await temporaryFolder()
    await mkdir(`${home}/.config/launchtail`, { recursive: true })
    const file = `${home}/.config/launchtail/config.json`
    await writeFile(file, '{ half')
    const env = { HOME: home }
    await fault(['nodes'], 1, `${file} is not valid; run "launchtail login"`, { env })
    await rm(file)
    await mkdir(file)
    await fault(['nodes'], 1, `${file} cannot be read`, { env })
  })

  it('a proxy’s page in place of the server', async () => {
    const proxy = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Sign in</h1>')
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as { port: number }
    const env = { LAUNCHTAIL_URL: `http://127.0.0.1:${port}` }
    const words = 'something other than JSON; is a Launchtail server running there?'
    const launch = ['launch', '--provider', 'aws', '--gpu', 'L4']
    for (const args of [['nodes'], ['status', 'x'], ['logs', '-f', 'x'], launch]) {
      await fault(args, 1, words, { env })
    }
    await fault(['nodes', '--watch'], 1, 'text/html in place of a stream', { env })
    proxy.close()
  })

  it('an address, a file, a variable or a zone that there is not', async () => {
    await fault(['nodes', '--url', 'localhost:8080'], 1, 'must begin with http:// or https://')
    await fault(['nodes', '--token-file', '/no/such/file'], 1, '/no/such/file cannot be read')
    await fault(
      ['launch', '--file', '/no/such/task'],
      1,
      '/no/such/task cannot be read: no such file or directory\n',
    )
    await fault(['launch'], 1, 'a local launch needs a task: name it with --file')
    await fault(['launch', '--secret', 'NOT_SET'], 1, 'NOT_SET has no value: it is not set')
    await server.post('/admin/nodes', { node_id: 'zoned' })
    await fault(
      ['logs', '--tz', 'Mars/Olympus', 'zoned'],
      1,
      "option '--tz <zone>' argument 'Mars/Olympus'",
    )
  })

  it('a command line that cannot be one', async () => {
    await fault(['frobnicate'], 1, 'see "launchtail --help"')
    await fault(['nodes', '--frob'], 1, 'see "launchtail nodes --help"')
    await fault(['nodes', '--phase', 'no-phase'], 1, 'Allowed choices are queued, provisioning')
    await fault(['logs'], 1, 'name a node, or follow all with -f --all')
    await fault(['logs', '--after', '0:aaaaaaaa:log', 'x', 'y'], 1, '--after needs a single node')
    await fault(['logs', '--after', 'zzz', 'x'], 1, '--after: "zzz" is not an id of this log')
    await fault(['logs', '--timeout', 'soon', 'x'], 1, 'It must be a duration such as 90s')
    await fault(['launch', '--gpu-count', 'two'], 1, 'It must be a whole number')
    await fault(['replay', '--speed', '0', 'x'], 1, '--speed must be a number above 0')
    await fault(
      ['completion', 'tcsh'],
      1,
      'there is no completion for "tcsh", only for bash, zsh and fish',
    )
  })

  it('what the server refuses, in its words', async () => {
    await server.post('/admin/nodes', { node_id: 'levelled' })
    const level = `invalid 'level' value "loud": a level is one of debug, info, warn, error`
    await fault(['logs', '--level', 'loud', 'levelled'], 1, level)
    const tail = `invalid 'tail' value "few": it is a number of entries, or "all"`
    await fault(['logs', '--tail', 'few', 'levelled'], 1, tail)
    const since = `invalid 'since' timestamp format "soon": it is an RFC 3339 time such as`
    await fault(['logs', '--since', 'soon', 'levelled'], 1, since)
    await fault(['launch', '--file', '-'], 1, 'task', { input: 'no: task\n' })
  })
})

describe('the help', () => {
  it('of every command says what it is for, with examples', {
    // Each is a process of its own, and there are some thirty.
    timeout: 120_000,
  }, async () => {
    const { stdout } = await run(['--help'])
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name as string)
    expect(names).toEqual(expect.arrayContaining(['serve', 'launch', 'logs', 'pipe', 'replay']))
    for (const name of names.filter((name) => name !== 'help')) {
      const help = await run([name, '--help'])
      expect(help, name).toMatchObject({ code: 0, stderr: '' })
      expect(help.stdout).toContain(`Usage: launchtail ${name}`)
      expect(help.stdout).toMatch(new RegExp(`Examples:\n(.*\n)*? +\\$ .*launchtail ${name}`))
    }
  })

  it('names the exit codes, which the commands leave with', async () => {
    const { stdout } = await run(['--help'])
    for (const code of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`\\b${code}  \\w`))
  })

  it('has a version', async () => {
    expect(await run(['--version'])).toMatchObject({ stdout: expect.stringMatching(/^\d+\.\d+/) })
  })
})

describe('completion', () => {
  const script = (line: string) => `
    COMP_WORDS=(${line})
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _launchtail
    echo "\${COMPREPLY[@]}"`

  it.each([
    ['launchtail lo', 'logs login'],
    ['launchtail logs --fol', '--follow'],
    ['launchtail logs -o ""', 'pretty json raw github'],
    ['launchtail nodes --phase fa', 'failed'],
    ['launchtail completion z', 'zsh'],
    ['launchtail webhooks re', 'redeliver remove'],
    ['launchtail webhooks add --cool', '--cooldown'],
    ['launchtail webhooks add --format sl', 'slack'],
  ])('of bash completes %s', async (line, expected) => {
    const { stdout: completion } = await run(['completion', 'bash'])
    const bash = spawn('bash')
    bash.stdin.end(completion + script(line))
    const [words, complaint] = await Promise.all([text(bash.stdout), text(bash.stderr)])
    expect({ words: words.trim(), complaint }).toEqual({ words: expected, complaint: '' })
  })

  it('is there for zsh and fish too', async () => {
    for (const [shell, words] of [
      ['zsh', '#compdef launchtail'],
      ['fish', 'complete -c launchtail'],
    ] as const) {
      const { stdout, code } = await run(['completion', shell])
      expect({ code, words: stdout.includes(words) }).toEqual({ code: 0, words: true })
    }
  })
})
