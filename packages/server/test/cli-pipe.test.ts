import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { createClient } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createUpload } from '../src/cli/upload/upload.js'
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
const shell = (script: string) => ['--', 'sh', '-c', script]

async function newNode(id: string, on = server): Promise<string> {
  expect((await on.post('/admin/nodes', { node_id: id })).status).toBe(201)
  return id
}

async function messagesOf(nodeId: string, on = server): Promise<string[]> {
  const response = await on.fetch(`/admin/nodes/${nodeId}/logs?tail=all`)
  const { logs } = (await response.json()) as { logs: { message: string }[] }
  return logs.map(({ message }) => message)
}

describe('pipe', () => {
  it('shows each line to a second reader while the command still runs, and leaves as it leaves', async () => {
    await newNode('piped')
    const reader = start(['logs', '-f', '-o', 'raw', 'piped'])
    const { child, ended } = start(
      ['pipe', 'piped', ...shell('echo one; read go; echo two >&2; read go; printf half; exit 7')],
      { open: true },
    )
    await until('the first line', () => reader.out.stdout === 'one\n')
    child.stdin.write('go\n')
    await until('the second line', () => reader.out.stdout === 'one\ntwo\n')
    child.stdin.end('go\n')
    expect(await ended).toEqual({ stdout: 'one\nhalf', stderr: 'two\n', code: 7 })
    const end = 'the command left with exit code 7'
    expect((await reader.ended).stdout).toBe(`one\ntwo\nhalf\n${end}\n`)
  })

  it('loses and doubles nothing when the server is killed and started again in between', async () => {
    const dataDir = await temporaryFolder()
    const port = await freePort()
    let away = await startServer({ dataDir, port })
    await newNode('survivor', away)
    const count = 120
    const { out, ended } = start(
      [
        'pipe',
        'survivor',
        ...shell(`for i in $(seq ${count}); do echo "line $i"; sleep 0.03; done`),
      ],
      { env: { LAUNCHTAIL_URL: away.url } },
    )
    for (const at of [20, 60]) {
      await until(`line ${at}`, () => out.stdout.includes(`line ${at}\n`))
      await away.kill()
      await until(`line ${at + 15}`, () => out.stdout.includes(`line ${at + 15}\n`))
      await until('word of it', () => out.stderr.includes('keeping the output'))
      away = await startServer({ dataDir, port })
    }
    const { code, stdout } = await ended
    expect(code).toBe(0)
    const expected = Array.from({ length: count }, (_, n) => `line ${n + 1}`)
    expect(stdout).toBe(`${expected.join('\n')}\n`)
    expect(await messagesOf('survivor', away)).toEqual(expected)
  }, 60_000)

  it('shows lines through what holds a request back until it ends', async () => {
    await newNode('held')
    const url = await startHolding(server.url)
    const { child, ended } = start(['pipe', 'held', ...shell('echo one; read go; echo two')], {
      open: true,
      env: { LAUNCHTAIL_URL: url },
    })
    await until('the line of a command that still runs', async () =>
      (await messagesOf('held')).includes('one'),
    )
    child.stdin.end('go\n')
    expect(await ended).toEqual({ stdout: 'one\ntwo\n', stderr: '', code: 0 })
    expect(await messagesOf('held')).toEqual(['one', 'two'])
  })

  it('registers the node with --create alone', async () => {
    const unknown = await start(['pipe', 'not-there', ...shell('echo never')]).ended
    expect(unknown).toMatchObject({ stdout: '', code: 4 })
    expect(unknown.stderr).toMatch(/^launchtail: no node is called "not-there"; .*--create\n$/)
    const created = await start(['pipe', 'not-there', '--create'], { input: 'from stdin\n' }).ended
    expect(created).toEqual({ stdout: 'from stdin\n', stderr: '', code: 0 })
    expect(await messagesOf('not-there')).toEqual(['from stdin'])
  })

  it('sends on what nobody reads here any more', async () => {
    await newNode('unread')
    const { child, ended } = start(
      ['pipe', 'unread', ...shell('echo one; read go; seq 3; exit 6')],
      {
        open: true,
      },
    )
    await once(child.stdout, 'data')
    child.stdout.destroy()
    child.stdin.end('go\n')
    expect(await ended).toMatchObject({ stderr: '', code: 6 })
    const end = 'the command left with exit code 6'
    expect(await messagesOf('unread')).toEqual(['one', '1', '2', '3', end])
  })

  it('lets a command have its last words on Ctrl-C', async () => {
    await newNode('last-words')
    const script = `trap 'echo tidied up; exit 5' INT; echo ready; while :; do sleep 0.05; done`
    const { child, out, ended } = start(['pipe', 'last-words', ...shell(script)])
    await until('the command', () => out.stdout.includes('ready'))
    child.kill('SIGINT')
    expect((await ended).code).toBe(5)
    const end = 'the launch was cancelled: the command got SIGINT and left with exit code 5'
    expect(await messagesOf('last-words')).toEqual(['ready', 'tidied up', end])
  })

  it('reads its input to the end on the first Ctrl-C, and leaves with 130', async () => {
    await newNode('interrupted-input')
    const { child, out, ended } = start(['pipe', 'interrupted-input'], { open: true })
    child.stdin.write('before\n')
    await until('the line', () => out.stdout.includes('before'))
    child.kill('SIGINT')
    await until('word of it', () => out.stderr.includes('reading the rest'))
    child.stdin.end('after\n')
    expect((await ended).code).toBe(130)
    expect(await messagesOf('interrupted-input')).toEqual(['before', 'after'])
  })

  it('tells when its output is refused for good, and lets the command go on', async () => {
    await newNode('deleted-under-it')
    const { child, out, ended } = start(
      ['pipe', 'deleted-under-it', ...shell('echo one; read go; echo two; exit 3')],
      { open: true },
    )
    await until('the line', async () => (await messagesOf('deleted-under-it')).length === 1)
    await server.post('/admin/nodes/deleted-under-it/logs', { message: 'over', phase: 'failed' })
    const gone = await server.fetch('/admin/nodes/deleted-under-it', { method: 'DELETE' })
    expect(gone.status).toBe(204)
    await until('word of it', () => out.stderr.includes('no longer sent: the node is gone'))
    child.stdin.end('go\n')
    const { stdout, stderr, code } = await ended
    expect({ stdout, code }).toEqual({ stdout: 'one\ntwo\n', code: 3 })
    expect(stderr).toContain('not all of the output has arrived')
  })

  it('says so where the command cannot be run', async () => {
    await newNode('nothing-runs')
    const unknown = await start(['pipe', 'nothing-runs', '--', 'no-such-command-here']).ended
    expect(unknown.code).toBe(127)
    expect(unknown.stderr).toMatch(/^launchtail: no-such-command-here cannot be run: .*\n$/)
    const folder = await start(['pipe', 'nothing-runs', '--', await temporaryFolder()]).ended
    expect(folder.code).toBe(126)
  })
})

describe('what is to be sent', () => {
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `line ${from + n} of an output that is long`)
  const bytesOf = (some: readonly string[]) => Buffer.from(`${some.join('\n')}\n`)

  it('waits for a server that is there, however much it is', async () => {
    const client = createClient({ baseUrl: server.url, token: TOKEN })
    const nodeId = await newNode('much')
    const notes: string[] = []
    const limit = 64 * 1024
    const upload = createUpload({ client, nodeId, limit, note: (text) => notes.push(text) })
    const all = lines(0, 20_000)
    for (let at = 0; at < all.length; at += 500) await upload.push(bytesOf(all.slice(at, at + 500)))
    await upload.end()
    expect(notes).toEqual([])
    expect(await messagesOf(nodeId)).toEqual(all)
  })

  it('is kept up to a bound while the server is away; what is lost then is told where it was', async () => {
    const dataDir = await temporaryFolder()
    const port = await freePort()
    const away = await startServer({ dataDir, port })
    const nodeId = await newNode('bounded', away)
    const client = createClient({ baseUrl: away.url, token: TOKEN })
    const notes: string[] = []
    const note = (text: string) => void notes.push(text)
    const upload = createUpload({ client, nodeId, limit: 20_000, note })
    await upload.push(bytesOf(lines(0, 10)))
    await until('the first lines', async () => (await messagesOf(nodeId, away)).length === 10)
    await away.kill()
    await until('word of it', () => notes.length > 0)
    // The program is not held up by a server that is away.
    for (let at = 10; at < 1000; at += 10) await upload.push(bytesOf(lines(at, at + 10)))
    const again = await startServer({ dataDir, port })
    const sent = async () => (await messagesOf(nodeId, again)).length > 10
    await until('what was kept', sent)
    await upload.push(bytesOf(lines(1000, 1010)))
    await upload.end()
    const messages = await messagesOf(nodeId, again)
    const hole = messages.findIndex((message) => message.startsWith('launchtail pipe: '))
    const lost = bytesOf(lines(hole, 1000)).length
    expect(messages).toEqual([
      ...lines(0, hole),
      `launchtail pipe: ${lost} bytes of output are missing here: the server was away for too long`,
      ...lines(1000, 1010),
    ])
    expect(notes.at(-1)).toContain(`${lost} bytes of output are missing`)
  })

  it('is given up at the end when the server does not come back', async () => {
    const away = await startServer()
    const nodeId = await newNode('given-up', away)
    const client = createClient({ baseUrl: away.url, token: TOKEN })
    const upload = createUpload({ client, nodeId, endTimeout: 100, note: () => {} })
    await until('the server to be asked', async () => (await messagesOf(nodeId, away)).length === 0)
    await away.kill()
    await upload.push(bytesOf(lines(0, 1)))
    await expect(upload.end()).rejects.toThrow('the server did not take')
  })
})

/** A proxy that forwards a request when it has all of it, as many do; its address. */
async function startHolding(upstream: string): Promise<string> {
  const proxy = createServer(async (incoming: IncomingMessage, response) => {
    const body: Buffer[] = []
    try {
      for await (const chunk of incoming) body.push(chunk as Buffer)
    } catch {
      // Its sender left.
      return
    }
    const { method = 'GET', url, headers } = incoming
    const { 'transfer-encoding': _, ...rest } = headers
    const sent = {
      ...rest,
      ...(body.length > 0 && { 'content-length': Buffer.concat(body).length }),
    }
    request(upstream + url, { method, headers: sent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    }).end(Buffer.concat(body))
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return `http://127.0.0.1:${(proxy.address() as { port: number }).port}`
}
