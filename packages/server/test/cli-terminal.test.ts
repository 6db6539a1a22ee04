import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startOnTerminal } from './support/command.js'
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

const CTRL_C = '\x03'
const RED = '\x1b[31m'
const GREEN = '\x1b[32m'
const HIDDEN_CURSOR = '\x1b[?25l'
const CURSOR = '\x1b[?25h'

const start = (args: string[], options?: Parameters<typeof startOnTerminal>[2]) =>
  startOnTerminal(server.url, args, options)

async function newNode(id: string): Promise<string> {
  expect((await server.post('/admin/nodes', { node_id: id })).status).toBe(201)
  return id
}

async function send(nodeId: string, entries: unknown): Promise<void> {
  expect((await server.post(`/admin/nodes/${nodeId}/logs`, entries)).status).toBe(202)
}

/** What was written since, without what colours it and moves the cursor. */
const words = (text: string) => text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '')

describe('on a terminal', () => {
  it('shows a failure’s cause in red and what to do about it, and leaves with 2', async () => {
    const task = `${await temporaryFolder()}/task.yaml`
    await writeFile(task, 'setup: exit 9\nrun: echo never\n')
    const { stdout, code } = await start(['launch', '--file', task, '--wait']).ended
    expect(code, stdout).toBe(2)
    expect(stdout).toContain(`${RED}failed in installing: setup failed with exit code 9`)
    expect(words(stdout).trimEnd().split('\r\n').at(-1)).toContain('Read the last lines')
  })

  it('shows the phases and the progress below the lines, and takes them away at the end', async () => {
    await newNode('railed')
    const { out, ended } = start(['logs', '-f', 'railed'])
    await send('railed', { message: 'Installing vLLM', phase: 'installing', progress: 65 })
    await until('the rail', () => words(out.stdout).includes('░'))
    expect(words(out.stdout)).toContain(
      'queued · provisioning · instance_ready · installing · model',
    )
    expect(words(out.stdout)).toMatch(/█{26}░{14} {2}65%/)
    out.stdout = ''
    await send('railed', { message: 'a line between' })
    await until('the rail below the next line', () =>
      /a line between\r\n.*installing.*\r\n.*65%/.test(words(out.stdout)),
    )
    out.stdout = ''
    await send('railed', { message: 'up', phase: 'active', details: 'http://10.0.0.1:8000' })
    const { stdout, code } = await ended
    expect(code).toBe(0)
    expect(stdout).toContain(`${GREEN}active\x1b[39m http://10.0.0.1:8000`)
    expect(stdout.lastIndexOf('░')).toBeLessThan(stdout.lastIndexOf('http://10.0.0.1:8000'))
    expect(stdout.lastIndexOf(CURSOR)).toBeGreaterThan(stdout.lastIndexOf(HIDDEN_CURSOR))
  })

  it('names the present phase alone where the terminal is narrow', async () => {
    await newNode('narrow')
    await send('narrow', { message: 'Loading', phase: 'model_loading', progress: 72 })
    const { child, out, ended } = start(['logs', '-f', 'narrow'], { columns: 60, open: true })
    await until('the rail', () => words(out.stdout).includes('● ● ● ● model_loading ○ ○'))
    child.stdin.write(CTRL_C)
    expect((await ended).code).toBe(130)
  })

  it('tells how long it may still take, and that it is stalled, by the node’s record', async () => {
    const record = {
      node_id: 'slow',
      status: 'launching',
      phase: 'provisioning',
      progress: 30,
      message: 'Waiting for capacity',
      eta_seconds: 200,
      stalled: true,
    }
    const double = createServer((request, response) => {
      if (!request.url?.includes('/logs/stream')) return void response.end(JSON.stringify(record))
      response
        .writeHead(200, { 'Content-Type': 'text/event-stream' })
        .write(': cursor -1:0:log\n\n')
    }).listen(0, '127.0.0.1')
    await once(double, 'listening')
    onTestFinished(() => {
      double.closeAllConnections()
      double.close()
    })
    const { port } = double.address() as { port: number }
    const { child, out, ended } = startOnTerminal(
      `http://127.0.0.1:${port}`,
      ['logs', '-f', 'slow'],
      { open: true },
    )
    await until('the rail', () => words(out.stdout).includes('30%  about 3m left  nothing new for'))
    child.stdin.write(CTRL_C)
    expect((await ended).code).toBe(130)
  })

  it('gives each of several nodes a colour and a rail', async () => {
    for (const id of ['of-two-a', 'of-two-b']) await newNode(id)
    const { out, ended } = start(['logs', '-f', 'of-two-a', 'of-two-b'])
    for (const id of ['of-two-a', 'of-two-b']) {
      await send(id, { message: `from ${id}`, phase: 'provisioning', progress: 20 })
    }
    await until('both rails', () =>
      /of-two-[ab] provisioning .*20%\r\nof-two-[ab] provisioning .*20%/.test(words(out.stdout)),
    )
    expect(out.stdout).toContain('\x1b[36mof-two-a\x1b[39m')
    expect(out.stdout).toContain('\x1b[35mof-two-b\x1b[39m')
    await send('of-two-a', { message: 'up', phase: 'active' })
    await send('of-two-b', { message: 'no capacity', phase: 'failed', level: 'error' })
    const { stdout, code } = await ended
    expect(code).toBe(2)
    expect(words(stdout)).toMatch(/of-two-a active\r\n/)
    expect(words(stdout)).toMatch(/of-two-b failed in provisioning: no capacity \(line 2\)\r\n/)
  })

  it('uses no colour with NO_COLOR', async () => {
    await newNode('colourless')
    await send('colourless', [
      { message: 'bad', level: 'error' },
      { message: 'no', phase: 'failed' },
    ])
    const { stdout } = await start(['logs', '-f', 'colourless'], { env: { NO_COLOR: '1' } }).ended
    expect(stdout).toContain('error: bad')
    expect(stdout).not.toMatch(/\x1b\[[0-9;]*m/)
  })

  it('ends at once on Ctrl-C, the terminal as it was, and says that the launch goes on', async () => {
    const task = `${await temporaryFolder()}/task.yaml`
    await writeFile(task, 'run: |\n  echo begun\n  sleep 60\n')
    const flags = ['--file', task, '--node-id', 'left-alone', '--wait']
    const { child, out, ended } = start(['launch', ...flags], { open: true })
    await until('the launch', () => words(out.stdout).includes('begun'))
    await until('the rail', () => words(out.stdout).includes('░'))
    child.stdin.write(CTRL_C)
    const { stdout, code } = await ended
    expect(code).toBe(130)
    expect(words(stdout).trimEnd()).toMatch(
      /continues; "launchtail terminate left-alone" cancels it$/,
    )
    expect(stdout.lastIndexOf(CURSOR)).toBeGreaterThan(stdout.lastIndexOf(HIDDEN_CURSOR))
    const node = await server.fetch('/admin/nodes/left-alone')
    expect(await node.json()).toMatchObject({ status: 'launching' })
    await server.fetch('/admin/nodes/left-alone/terminate', { method: 'POST' })
  })

  it('cuts the list of nodes to the terminal, and keeps it up to date with --watch', async () => {
    const made = '11111111-2222-4333-8444-555555555555'
    await newNode(made)
    await send(made, { message: `a long message ${'of many words '.repeat(20)}`, progress: 3 })
    const listed = await start(['nodes'], { columns: 70 }).ended
    const rows = words(listed.stdout).trimEnd().split('\r\n')
    expect(rows[0]).toMatch(/^NODE +STATE +ENDPOINT OR MESSAGE$/)
    for (const row of rows) expect(row.length).toBeLessThan(70)
    expect(listed.stdout).toMatch(/11111111 +\S*queued 3%/)

    const { child, out, ended } = start(['nodes', '--watch'], { open: true })
    await until('the node', () => words(out.stdout).includes('queued 3%'))
    await send(made, { message: 'up', phase: 'active', details: 'http://10.0.0.9:8000' })
    await until('its end', () => words(out.stdout).includes('http://10.0.0.9:8000'))
    child.stdin.write(CTRL_C)
    expect((await ended).code).toBe(130)
  })

  it('asks for the token and shows nothing of it', async () => {
    const env = { HOME: await temporaryFolder() }
    const { child, out, ended } = start(['login', server.url], { env, open: true })
    await until('the question', () => out.stdout.includes('Token: '))
    child.stdin.write(`${TOKEN}\r`)
    const { stdout, code } = await ended
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('Saved in ')
    expect(stdout).not.toContain(TOKEN)
  })

  it.each([
    ['Ctrl-C', CTRL_C, 130],
    ['an empty line', '\r', 1],
  ])('takes %s for no token', async (_, key, expected) => {
    const { child, out, ended } = start(['login', server.url], { open: true })
    await until('the question', () => out.stdout.includes('Token: '))
    child.stdin.write(key)
    const { stdout, code } = await ended
    expect(code).toBe(expected)
    expect(stdout).toContain('launchtail: no token was given')
  })
})
