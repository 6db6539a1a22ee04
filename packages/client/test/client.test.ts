import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import {
  ApiError,
  type Client,
  ConnectionError,
  createClient,
  NodeEventSource,
  type StreamEvent,
  type StreamState,
} from '@launchtail/client'
import { operations } from '@launchtail/client/protocol'
import { build } from 'esbuild'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from '../../server/test/support/processes.js'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const fixtures = new URL('fixtures/', import.meta.url)

afterAll(endAll)

describe('each operation, on a real server', () => {
  let server: RunningServer
  let client: Client

  beforeAll(async () => {
    server = await startServer()
    client = createClient({ baseUrl: `${server.url}/`, token: server.token })
  })

  const newNode = async () => (await client.createNode()).node_id

  it('has a method for each operation of the protocol', () => {
    const names = Object.keys(operations).map((name) =>
      name === 'streamNodeLogs' ? 'stream' : name,
    )
    // Raw output is the one operation's other content type, and has a method of its own.
    expect(Object.keys(client).sort()).toEqual([...names, 'sendOutput'].sort())
  })

  it('registers a node, and gets, lists and deletes it', async () => {
    const node = await client.createNode({ node_id: 'listed', provider: 'aws', gpu: 'h100' })
    expect(node).toMatchObject({ node_id: 'listed', status: 'launching', phase: 'queued' })
    expect(await client.getNode('listed')).toEqual(node)
    const { nodes, count } = await client.listNodes({ provider: 'aws', limit: 5, q: 'list' })
    expect({ nodes, count }).toEqual({ nodes: [node], count: 1 })
    await client.appendNodeLogs('listed', { message: 'it broke', phase: 'failed' })
    await client.deleteNode('listed')
    await expect(client.getNode('listed')).rejects.toMatchObject({
      name: 'ApiError',
      status: 404,
      message: 'node not found',
    })
  })

  it('goes through the pages of the list', async () => {
    for (let n = 0; n < 3; n += 1) await client.createNode({ provider: 'paged' })
    const first = await client.listNodes({ provider: 'paged', limit: 2 })
    expect(first.nodes).toHaveLength(2)
    const second = await client.listNodes({
      provider: 'paged',
      limit: 2,
      cursor: first.cursor ?? '',
    })
    expect(second.nodes).toHaveLength(1)
    expect(second.cursor).toBeUndefined()
  })

  it('sends entries in, once for each key, and gives them back', async () => {
    const id = await newNode()
    const entries = [
      { message: 'a', timestamp: '2024-01-15T10:30:00Z' },
      { message: 'b', level: 'error' as const, progress: 0, details: 'why' },
    ]
    const sent = await client.appendNodeLogs(id, entries, { idempotencyKey: 'key-1' })
    expect(sent.accepted).toBe(2)
    expect(await client.appendNodeLogs(id, entries, { idempotencyKey: 'key-1' })).toEqual(sent)
    const { node_id, count, logs, cursor, expired } = await client.getNodeLogs(id)
    expect({ node_id, count, expired }).toEqual({ node_id: id, count: 2, expired: false })
    expect(logs.map(({ message }) => message)).toEqual(['a', 'b'])
    const errors = await client.getNodeLogs(id, { level: ['error'], since: '2024-01-15T10:30:00Z' })
    expect(errors.logs).toEqual([logs[1]])
    expect((await client.getNodeLogs(id, { before: sent.cursor })).logs).toEqual([logs[0]])
    await client.appendNodeLogs(id, { message: 'c', phase: 'active' })
    expect((await client.getNodeLogs(id, { after: cursor })).logs).toHaveLength(1)
    const events = await all(client.stream(id, { lastEventId: cursor }))
    expect(events.map(({ event }) => event)).toEqual(['log', 'done'])
  })

  it('sends raw output in, whole, as a stream, and from where it has arrived', async () => {
    const id = await newNode()
    const source = crypto.randomUUID()
    const output = 'line one\nline two\nline three\n'
    expect(await client.getNodeLogOffset(id, source)).toBe(0)
    await client.sendOutput(id, output.slice(0, 18), { source, offset: 0 })
    expect(await client.getNodeLogOffset(id, source)).toBe(18)
    // From the beginning again: what is in is skipped.
    const bytes = new Blob([output]).stream()
    await client.sendOutput(id, bytes, { source, offset: 0 })
    await client.sendOutput(id, pieces('line ', 'four\n'), { idempotencyKey: 'four' })
    const { logs } = await client.getNodeLogs(id)
    expect(logs.map(({ message }) => message)).toEqual(
      ['line one', 'line two', 'line three', 'line four'], // each once
    )
  })

  it('shows raw output while it is still being sent', async () => {
    const id = await newNode()
    let finish = () => {}
    const rest = new Promise<void>((resolve) => {
      finish = resolve
    })
    async function* output() {
      yield new TextEncoder().encode('the first line\n')
      await rest
    }
    const sent = client.sendOutput(id, output())
    for await (const event of client.stream(id, { tail: 'all' })) {
      if (event.event === 'log' && event.data.message === 'the first line') break
    }
    finish()
    expect((await sent).accepted).toBe(1)
  })

  it('gives the log as a file', async () => {
    const id = await newNode()
    await client.appendNodeLogs(id, [{ message: '=1+1' }, { message: 'b', level: 'debug' }])
    const csv = await client.exportNodeLogs(id, { format: 'csv', raw: true, level: 'info' })
    expect(csv.headers.get('content-type')).toContain('text/csv')
    expect(await csv.text()).toContain(',=1+1,')
    const json = await client.exportNodeLogs(id)
    expect(await json.json()).toMatchObject({ count: 2 })
  })

  it('launches a node, streams it, and terminates it', async () => {
    const task = 'run: |\n  echo begun\n  sleep 60\n'
    const launch = { provider: 'local', region: 'local', gpu: 'cpu', task }
    const launched = await client.launchNode(launch, { idempotencyKey: 'launch-1' })
    expect(launched.status).toBe('launching')
    expect(await client.launchNode(launch, { idempotencyKey: 'launch-1' })).toEqual(launched)
    const { node_id } = launched
    const asked = { request: { node_id, ...launch }, secrets: [], masked: [] }
    expect(await client.getNodeLaunch(node_id)).toEqual(asked)
    let done: StreamEvent | undefined
    for await (const event of client.stream(launched.node_id, { tail: 'all' })) {
      if (event.event === 'log' && event.data.message === 'begun') {
        await client.terminateNode(launched.node_id)
      }
      done = event
    }
    expect(done).toMatchObject({ event: 'done', data: { status: 'terminated' } })
  })

  it('ends a stream that does not follow with what there is', async () => {
    const id = await newNode()
    await client.appendNodeLogs(id, [{ message: 'a' }, { message: 'b' }, { message: 'c' }])
    const events = await all(client.stream(id, { follow: false, tail: 2 }))
    expect(events).toMatchObject([
      { event: 'log', data: { message: 'b' } },
      { event: 'log', data: { message: 'c' } },
      { event: 'done', data: { message: 'Log stream complete (follow=false)' } },
    ])
  })

  it('says what was refused, in the server’s words', async () => {
    const wrong = createClient({ baseUrl: server.url, token: 'wrong' })
    await expect(wrong.listNodes()).rejects.toMatchObject({
      status: 401,
      message: 'invalid admin token',
    })
    await expect(all(client.stream('nobody'))).rejects.toMatchObject({ status: 404 })
    await expect(client.getNodeLogs('nobody', { since: 'soon' })).rejects.toMatchObject({
      status: 400,
      message: "invalid 'since' timestamp format",
    })
  })
})

describe('a request', () => {
  it('says that there is no answer where nobody listens', async () => {
    const { url, close } = await serve((_, response) => response.end())
    await close()
    const client = createClient({ baseUrl: url, token: 't' })
    await expect(client.getNode('n')).rejects.toThrow(new ConnectionError(`no answer from ${url}`))
  })

  it('says that a page of a proxy is no answer', async () => {
    const { url } = await serve((_, response) => response.end('<html>'))
    const client = createClient({ baseUrl: url, token: 't' })
    for (const asked of [client.getNode('n'), client.getNodeLogs('n'), client.listNodes()]) {
      await expect(asked).rejects.toThrow(`${url} answered with something other than JSON`)
    }
  })

  it('does not take the token to where it is redirected', async () => {
    const tokens: unknown[] = []
    const other = await serve((request, response) => {
      tokens.push(request.headers['x-admin-token'])
      response.end('{}')
    })
    const { url } = await serve((_, response) => {
      response.writeHead(307, { Location: `${other.url}/there` }).end()
    })
    const client = createClient({ baseUrl: url, token: 't' })
    await expect(client.getNode('n')).rejects.toThrow(
      `307 Temporary Redirect: it is at ${other.url}/there`,
    )
    expect(tokens).toEqual([])
  })

  it('takes an address or a token that cannot be one for a mistake, and does not try again', async () => {
    for (const [baseUrl, token] of [
      ['localhost:8080', 't'],
      ['no address', 't'],
      ['http://127.0.0.1:1', 'two\nlines'],
    ] as const) {
      const client = createClient({ baseUrl, token })
      const fault = await client.getNode('n').catch((error) => error)
      expect(fault).toBeInstanceOf(TypeError)
      expect(fault.message).not.toContain('lines')
      await expect(all(client.stream('n'))).rejects.toBeInstanceOf(TypeError)
    }
  })

  it('is given up when its signal is aborted', async () => {
    const { url, requests } = await serve(() => {})
    const away = new AbortController()
    const asked = createClient({ baseUrl: url, token: 't' }).getNode('n', { signal: away.signal })
    await until('the request', () => requests.length > 0)
    away.abort(new Error('no more'))
    await expect(asked).rejects.toThrow('no more')
    await until('the connection to close', () => requests[0]?.socket.destroyed)
  })
})

describe('a stream', () => {
  it('waits anywhere in a span that doubles up to 30 seconds', async () => {
    const refusals = 8
    let asked = 0
    const { url } = await serve((_, response) => {
      asked += 1
      if (asked <= refusals) response.writeHead(503).end()
      else response.writeHead(200, EVENTS).end(DONE)
    })
    const draws = [0, 0.01, 0.002, 0.001, 0.0005, 0.0001, 0.0002, 0.0003]
    const states: StreamState[] = []
    await all(
      createClient({ baseUrl: url, token: 't' }).stream('n', {
        random: () => draws[asked - 1] ?? 0,
        onState: (state) => states.push(state),
      }),
    )
    const spans = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]
    expect(delaysOf(states)).toEqual(spans.map((span, n) => span * (draws[n] ?? 0)))
  })

  it('begins anew with short waits when an event came', async () => {
    let asked = 0
    const { url } = await serve((_, response) => {
      asked += 1
      if (asked === 4) response.writeHead(200, EVENTS).write(LOG, () => response.destroy())
      else if (asked < 6) response.writeHead(500).end()
      else response.writeHead(200, EVENTS).end(DONE)
    })
    const states: StreamState[] = []
    await all(
      createClient({ baseUrl: url, token: 't' }).stream('n', {
        random: () => 0.001,
        onState: (state) => states.push(state),
      }),
    )
    expect(delaysOf(states)).toEqual([1, 2, 4, 1, 2])
  })

  it('waits longer and longer for a server that ends each answer without an event', async () => {
    let asked = 0
    const { url } = await serve((_, response) => {
      asked += 1
      response.writeHead(200, EVENTS).end(asked < 6 ? 'retry: 0\n\n' : DONE)
    })
    const states: StreamState[] = []
    await all(
      createClient({ baseUrl: url, token: 't' }).stream('n', {
        random: () => 1,
        onState: (state) => states.push(state),
      }),
    )
    expect(delaysOf(states)).toEqual([1, 2, 4, 8, 16])
  })

  it('tells its states, and why it waits', async () => {
    let asked = 0
    const { url } = await serve((_, response) => {
      asked += 1
      if (asked === 1) response.writeHead(429, { 'Retry-After': '1' }).end(BUSY)
      else if (asked === 2) response.writeHead(200, EVENTS).end(`retry: 3\n\n${LOG}`)
      else response.writeHead(200, EVENTS).end(DONE)
    })
    const states: StreamState[] = []
    await all(
      createClient({ baseUrl: url, token: 't' }).stream('n', {
        random: () => 0.5,
        onState: (state) => states.push(state),
      }),
    )
    expect(states).toEqual([
      { state: 'connecting' },
      { state: 'waiting', delay: 1000, error: new ApiError(429, 'busy', 1000) },
      { state: 'connecting' },
      { state: 'live' },
      { state: 'waiting', delay: 3 },
      { state: 'connecting' },
      { state: 'live' },
    ])
  })

  it('closes its connection when the loop is left', async () => {
    const { url, requests } = await serve((_, response) => {
      response.writeHead(200, EVENTS).write(LOG + LOG)
    })
    for await (const _ of createClient({ baseUrl: url, token: 't' }).stream('n')) break
    await until('the connection to close', () => requests[0]?.socket.destroyed)
    expect(requests).toHaveLength(1)
  })

  it.each([
    ['leaves the loop', 'for await (const _ of client.stream("n")) break'],
    [
      'aborts while it waits',
      `const away = new AbortController()
       const onState = ({ state }) => state === "waiting" && away.abort()
       const options = { signal: away.signal, onState, random: () => 1 }
       try { for await (const _ of client.stream("wait", options)); } catch {}`,
    ],
    [
      'closes its NodeEventSource in onerror',
      `const source = new NodeEventSource(process.env.URL + "/wait")
       source.onerror = () => source.close()`,
    ],
  ])('leaves nothing behind that keeps a program that %s from ending', async (_, code) => {
    const { url } = await serve((request, response) => {
      if (request.url?.includes('wait')) response.writeHead(503, { 'Retry-After': '60' }).end()
      else response.writeHead(200, EVENTS).write(LOG)
    })
    const program = `import { createClient, NodeEventSource } from '@launchtail/client'
      const client = createClient({ baseUrl: process.env.URL, token: 't' })
      ${code}`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: packageFolder,
      env: { ...process.env, URL: url },
      timeout: 10_000,
    })
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('throws the reason when its signal is aborted: at once, while it reads, while it waits', async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.url?.includes('/wait/')) response.writeHead(503, { 'Retry-After': '60' }).end()
      else response.writeHead(200, EVENTS).write(LOG)
    })
    const client = createClient({ baseUrl: url, token: 't' })
    const reason = new Error('no more')
    await expect(all(client.stream('n', { signal: AbortSignal.abort(reason) }))).rejects.toBe(
      reason,
    )
    expect(requests).toHaveLength(0)

    const reading = new AbortController()
    const events: StreamEvent[] = []
    const read = all(client.stream('n', { signal: reading.signal }), events)
    await until('an event', () => events.length > 0)
    reading.abort(reason)
    await expect(read).rejects.toBe(reason)
    await until('the connection to close', () => requests[0]?.socket.destroyed)

    const waiting = new AbortController()
    const onState = (state: StreamState) => {
      if (state.state === 'waiting') setTimeout(() => waiting.abort(reason), 5)
    }
    const wait = all(client.stream('wait', { signal: waiting.signal, onState }))
    await expect(wait).rejects.toBe(reason)
  })

  it('gives no event any more once its signal is aborted', async () => {
    const { url } = await serve(
      (_, response) => void response.writeHead(200, EVENTS).write(LOG + LOG),
    )
    const away = new AbortController()
    const events: StreamEvent[] = []
    const stream = createClient({ baseUrl: url, token: 't' }).stream('n', { signal: away.signal })
    const read = async () => {
      for await (const event of stream) {
        events.push(event)
        away.abort()
      }
    }
    await expect(read()).rejects.toHaveProperty('name', 'AbortError')
    expect(events).toHaveLength(1)
  })

  it('does not count the time that its reader takes', async () => {
    const { url } = await serve(async (_, response) => {
      response.writeHead(200, EVENTS).write(LOG)
      await sleep(600)
      response.end(DONE)
    })
    const events: StreamEvent[] = []
    for await (const event of createClient({ baseUrl: url, token: 't' }).stream('n', {
      timeout: 400,
    })) {
      events.push(event)
      await sleep(500)
    }
    expect(events.map(({ event }) => event)).toEqual(['log', 'done'])
  })

  it('leaves a connection on which not even a heartbeat comes for 45 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const silent = () => new Response(new ReadableStream(), { headers: EVENTS })
    const answers = [silent(), new Response(DONE, { headers: EVENTS })]
    const signals: AbortSignal[] = []
    const fetch = async (_: unknown, init?: RequestInit) => {
      signals.push(init?.signal as AbortSignal)
      return answers[signals.length - 1] as Response
    }
    const states: StreamState[] = []
    const onState = (state: StreamState) => states.push(state)
    const client = createClient({ baseUrl: 'http://host', token: 't', fetch })
    const read = all(client.stream('n', { onState, random: () => 0 }))
    await vi.advanceTimersByTimeAsync(44_000)
    expect(signals).toHaveLength(1)
    expect(signals[0]?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(2000)
    expect(signals[0]?.aborted).toBe(true)
    expect(await read).toHaveLength(1)
    const error = new ConnectionError('the server went silent')
    expect(states).toContainEqual({ state: 'waiting', delay: 0, error })
  })
})

describe('a NodeEventSource', () => {
  it('runs the example of the specification, with one import', async () => {
    const server = await startServer({ env: { LAUNCHTAIL_ADMIN_TOKEN: 'your-admin-token' } })
    const node = '550e8400-e29b-41d4-a716-446655440000'
    await server.post('/admin/nodes', { node_id: node })
    await server.post(`/admin/nodes/${node}/logs`, [
      { message: 'Installing vLLM...', phase: 'installing', progress: 45 },
      { message: 'no capacity', level: 'error', details: 'us-west-2', phase: 'provisioning' },
    ])
    const source = await readFile(new URL('seed-example.ts', fixtures), 'utf8')
    const page = ['updateLogDisplay', 'updateProgressBar', 'showErrorNotification']
      .concat('showSuccessNotification')
      .map((name) => `const ${name} = (shown) => console.log('${name}', JSON.stringify(shown))\n`)
    const file = `${await temporaryFolder()}/example.mjs`
    const { outputFiles } = await build({
      stdin: {
        contents: source.replaceAll('https://api.crosslogic.ai', server.url),
        loader: 'ts',
        resolveDir: packageFolder,
      },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      conditions: ['launchtail-source'],
      banner: { js: page.join('') },
    })
    await writeFile(file, outputFiles[0]?.contents ?? '')
    const child = spawn(process.execPath, [file], { timeout: 10_000 })
    let output = ''
    const take = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    await until('the error that it shows', () => output.includes('showErrorNotification'))
    const details = 'http://10.0.0.1:8000'
    const up = { message: 'up', phase: 'active', progress: 100, details }
    await server.post(`/admin/nodes/${node}/logs`, [up])
    expect(await once(child, 'close'), output).toEqual([0, null])
    for (const line of [
      '[INFO] Installing vLLM...',
      'Status: installing - 45%',
      'updateProgressBar 45',
      'Error in provisioning: no capacity',
      'showErrorNotification {"error":"no capacity","details":"us-west-2","phase":"provisioning"}',
      'Launch complete: active',
      `showSuccessNotification "Node ready at ${details}"`,
    ]) {
      expect(output.split('\n')).toContain(line)
    }
    expect(output).toMatch(/^\[\d{4}-\S+\] Installing vLLM\.\.\.$/m)
    expect(output).not.toContain('EventSource error')
  })

  it('gives the server’s errors to listeners alone, and broken connections to onerror alone', async () => {
    const resumes: unknown[] = []
    const { url } = await serve((request, response) => {
      resumes.push(request.headers['last-event-id'])
      response.writeHead(200, EVENTS)
      if (resumes.length === 1)
        response.write(`retry: 1\n\n${LOG}${FAULT}`, () => response.destroy())
      else response.end(DONE)
    })
    const source = new NodeEventSource(`${url}/stream`, { headers: { 'X-Admin-Token': 't' } })
    onTestFinished(() => source.close())
    const told: string[] = []
    source.onopen = () => told.push('open')
    source.onerror = (event) => told.push(`onerror ${'data' in event}`)
    source.addEventListener('error', ({ data, lastEventId }) => told.push(`${data} ${lastEventId}`))
    source.addEventListener('log', ({ data, lastEventId }) => told.push(`${data} ${lastEventId}`))
    const done = new Promise((resolve) => source.addEventListener('done', resolve))
    await done
    source.close()
    expect(told).toEqual(
      ['open', '{"message":"a"} 0:aaaaaaaa:log', '{"error":"e"} 0:aaaaaaaa:log'].concat(
        ['onerror false', 'open'], // and again
      ),
    )
    expect(resumes).toEqual([undefined, '0:aaaaaaaa:log'])
    expect(source.readyState).toBe(NodeEventSource.CLOSED)
  })

  it('takes its listeners away, and calls onmessage for events without a name', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, EVENTS).write(`data: 1\n\n${LOG}data: 2\n\n`)
    })
    const source = new NodeEventSource(url)
    onTestFinished(() => source.close())
    const messages: string[] = []
    const unheard = () => messages.push('unheard')
    source.addEventListener('log', unheard)
    source.removeEventListener('log', unheard)
    source.onmessage = ({ data }) => messages.push(data)
    await until('two messages', () => messages.length === 2)
    expect(messages).toEqual(['1', '2'])
    expect(source.readyState).toBe(NodeEventSource.OPEN)
  })

  it.each([[204], [404]])('is closed by %i, and does not come again', async (status) => {
    const { url, requests } = await serve((_, response) => void response.writeHead(status).end())
    const source = new NodeEventSource(url)
    const errors: Event[] = []
    source.onerror = (event) => errors.push(event)
    await until('it to close', () => source.readyState === NodeEventSource.CLOSED)
    expect(errors).toHaveLength(status === 404 ? 1 : 0)
    expect(requests).toHaveLength(1)
  })

  it('gives no event after it was closed', async () => {
    const { url, requests } = await serve((_, response) => {
      response.writeHead(200, EVENTS).write(LOG + LOG)
    })
    const source = new NodeEventSource(url)
    let events = 0
    source.addEventListener('log', () => {
      events += 1
      source.close()
    })
    await until('the connection to close', () => requests[0]?.socket.destroyed)
    expect(events).toBe(1)
  })

  it('reads on when a handler throws, and the fault is the program’s', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, EVENTS).write(`data: 1\n\n${DONE}`)
    })
    const program = `import { NodeEventSource } from '@launchtail/client'
      process.on('uncaughtException', (error) => console.log(error.message))
      const source = new NodeEventSource(process.env.URL)
      source.onopen = source.onmessage = ({ type }) => { throw new Error('fault in ' + type) }
      source.addEventListener('done', () => { console.log('done'); source.close() })`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', program],
      { cwd: packageFolder, env: { ...process.env, URL: url }, timeout: 10_000 },
    )
    expect(stdout.trim().split('\n').sort()).toEqual(['done', 'fault in message', 'fault in open'])
  })

  it('throws at once for what is no address', () => {
    expect(() => new NodeEventSource('no address')).toThrow(TypeError)
  })
})

describe('the package', () => {
  it('is at most 7 KB, compressed, with the one package it needs', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [`${packageFolder}/src/index.ts`],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'esm',
      conditions: ['launchtail-source'],
      absWorkingDir: packageFolder,
    })
    expect(gzipSync(outputFiles[0]?.contents ?? '').length).toBeLessThanOrEqual(7 * 1024)
    const packages = Object.keys(metafile.inputs).filter((path) => !path.startsWith('src/'))
    expect(packages).toEqual([expect.stringMatching(/eventsource-parser\/dist\/index\.js$/)])
    const manifest = JSON.parse(await readFile(`${packageFolder}/package.json`, 'utf8'))
    expect(Object.keys(manifest.dependencies)).toEqual(['eventsource-parser'])
  })

  it('is packed without a fault, its types included', async () => {
    const { messages } = await publint({ pkgDir: packageFolder, level: 'warning' })
    expect(messages).toEqual([])
  })

  it('has types for programs with the DOM, and for those with Node', async () => {
    const file = `${await temporaryFolder()}/use.mts`
    const use = `import { createClient } from '${packageFolder}dist/index.js'
      for await (const e of createClient({ baseUrl: '', token: '' }).stream('n')) {
        if (e.event === 'log') e.data.message.trim()
        else if (e.event === 'done') e.data.endpoint?.trim()
      }`
    await writeFile(file, use)
    const compiler = fileURLToPath(
      new URL('../../../node_modules/typescript/bin/tsc', import.meta.url),
    )
    for (const lib of [
      ['--lib', 'es2023,dom'],
      ['--lib', 'es2023', '--types', 'node'],
    ]) {
      const args = [compiler, '--noEmit', '--strict', '--ignoreConfig', '--module', 'nodenext']
      args.push('--typeRoots', `${packageFolder}../../node_modules/@types`, ...lib, file)
      const said = await promisify(execFile)(process.execPath, args).catch((error) => error)
      expect(said.stdout, lib.join(' ')).toBe('')
    }
  })
})

const EVENTS = { 'Content-Type': 'text/event-stream' }
const BUSY = '{"error":{"message":"busy"}}'
const LOG = 'event: log\ndata: {"message":"a"}\nid: 0:aaaaaaaa:log\n\n'
const FAULT = 'event: error\ndata: {"error":"e"}\n\n'
const DONE = 'event: done\ndata: {"status":"active","message":"up"}\nid: 1:bbbbbbbb:done\n\n'

async function all(
  stream: AsyncIterable<StreamEvent>,
  events: StreamEvent[] = [],
): Promise<StreamEvent[]> {
  for await (const event of stream) events.push(event)
  return events
}

async function* pieces(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text)
}

function delaysOf(states: readonly StreamState[]): number[] {
  return states.flatMap((state) => (state.state === 'waiting' ? [state.delay] : []))
}

/** A server of one handler, and the requests it got. */
async function serve(handle: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    request.resume()
    void handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const close = async () => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${port}`, requests, close }
}
