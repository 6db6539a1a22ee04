import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LaunchRequest, type LogEntry, launchSchema } from '@launchtail/client/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { smokeOf } from '../src/launch/smoke/smoke.js'
import { testServer } from '../src/launch/smoke/test-server.js'
import { gone, removeFolder, startLaunching, task, temporaryFolder } from './support/launching.js'
import { startServer, until } from './support/processes.js'

interface Question {
  model: string
  messages: { content: string }[]
  stream: boolean
}

const MODEL = 'tiny/one'

/** A server with one model, which `answer` speaks for. */
async function modelServer(
  answer: (response: ServerResponse, question: Question) => void | Promise<void>,
  handle: RequestListener = () => {},
): Promise<string> {
  const server = createServer(async (request, response) => {
    handle(request, response)
    if (response.writableEnded) return
    if (request.url === '/v1/models') return json(response, 200, { data: [{ id: MODEL }] })
    let body = ''
    for await (const chunk of request) body += chunk
    const question = JSON.parse(body || '{}') as Question
    if (question.model !== MODEL) return json(response, 404, noSuchModel(question.model))
    await answer(response, question)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** As vLLM says it. */
const noSuchModel = (model: string) => ({
  error: { message: `The model \`${model}\` does not exist.`, type: 'NotFoundError', code: 404 },
})

function events(response: ServerResponse): (data: unknown) => void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
  return (data) => {
    response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  }
}

const delta = (content: string) => ({ choices: [{ index: 0, delta: { content } }] })

async function stream(response: ServerResponse): Promise<void> {
  const say = events(response)
  say({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })
  await sleep(60)
  for (const word of ['Paris ', 'is ', 'it.']) {
    say(delta(word))
    await sleep(20)
  }
  say({ choices: [], usage: { completion_tokens: 9 } })
  say('[DONE]')
  response.end()
}

const whole = (response: ServerResponse) =>
  json(response, 200, {
    choices: [{ message: { role: 'assistant', content: 'Paris is it.' } }],
    usage: { completion_tokens: 4 },
  })

function test(
  base: string,
  smoke: LaunchRequest['smoke'],
  { timeout = 20_000, ...more }: Partial<LaunchRequest> & { timeout?: number } = {},
) {
  const request = { provider: 'local', region: 'local', gpu: 'cpu', smoke, ...more }
  const found = smokeOf(request) as NonNullable<ReturnType<typeof smokeOf>>
  const { signal } = new AbortController()
  return testServer({ base, smoke: found, timeout, signal })
}

const ask = { prompt: 'What is the capital of France?' }

describe('a smoke test', () => {
  it('measures a streamed answer', async () => {
    const asked: Question[] = []
    const base = await modelServer((response, question) => {
      asked.push(question)
      return stream(response)
    })
    const found = await test(base, { ...ask, expect: 'Paris' }, { model: MODEL })
    expect(found).toMatchObject({ answer: 'Paris is it.', tokens: 9 })
    expect(found.firstToken).toBeGreaterThanOrEqual(55)
    expect(found.firstToken).toBeLessThan(10_000)
    // Eight tokens within the 40 ms between the first piece and the last, or more.
    expect(found.tokensPerSecond).toBeGreaterThan(0.5)
    expect(found.tokensPerSecond).toBeLessThanOrEqual(210)
    expect(asked).toMatchObject([
      { model: MODEL, messages: [{ content: ask.prompt }], stream: true },
    ])
  })

  it('takes an answer that is not streamed, and the server’s own model where none is named', async () => {
    const base = await modelServer(whole)
    const found = await test(base, ask)
    expect(found).toMatchObject({ answer: 'Paris is it.', tokens: 4 })
    expect(found.tokensPerSecond).toBeGreaterThan(0)
  })

  it('takes what a model thinks for an answer', async () => {
    const base = await modelServer((response) => {
      const say = events(response)
      say({ choices: [{ delta: { reasoning_content: 'Well …' } }] })
      response.end('data: [DONE]\n\n')
    })
    expect((await test(base, ask)).answer).toBe('Well …')
  })

  it('asks a path', async () => {
    const base = await modelServer(whole, ({ url }, response) => {
      if (url === '/version') response.end('0.13.0')
    })
    expect((await test(base, { path: '/version', expect: '0.13' })).answer).toBe('0.13.0')
    await expect(test(base, { path: '/version', expect: '0.14' })).rejects.toMatchObject({
      ...{ message: 'the answer does not contain "0.14": 0.13.0', code: 'warmup_failed' },
    })
  })

  it('sends the key that the engine asks for, and the headers of the task’s readiness probe', async () => {
    const seen: (string | undefined)[] = []
    const base = await modelServer(whole, ({ headers, url }) => {
      if (url !== '/v1/models') seen.push(headers.authorization, headers['x-tenant'] as string)
    })
    const probe = { path: '/health', headers: { 'X-Tenant': '$WHO' } }
    const own = task({ run: 'x', envs: { WHO: 'me' }, service: { readiness_probe: probe } })
    await test(base, ask, { task: own, secrets: { VLLM_API_KEY: 'sesame' } })
    expect(seen).toEqual(['Bearer sesame', 'me'])
  })

  it.each<[string, (response: ServerResponse) => void, string, string]>([
    [
      'a 500',
      (r) => json(r, 500, { detail: 'CUDA error' }),
      '/v1/chat/completions answers 500: {"detail":"CUDA error"}',
      'warmup_failed',
    ],
    [
      'a 401',
      (r) => json(r, 401, { error: 'Unauthorized' }),
      'answers 401: {"error":"Unauthorized"}',
      'warmup_failed',
    ],
    [
      'a redirect',
      (r) => void r.writeHead(302, { Location: '/' }).end(),
      'answers 302',
      'warmup_failed',
    ],
    ['silence', () => {}, '/v1/chat/completions has not answered within 2s', 'health_timeout'],
    [
      'a stream that stands still',
      (r) => events(r)(delta('Pa')),
      'has not answered within',
      'health_timeout',
    ],
    [
      'no text',
      (r) => json(r, 200, { choices: [{ message: { content: ' ' } }] }),
      'the answer has no text',
      'warmup_failed',
    ],
    [
      'an empty stream',
      (r) => {
        events(r)('[DONE]')
        r.end()
      },
      'the answer has no text',
      'warmup_failed',
    ],
    [
      'an error in the stream',
      (r) => events(r)({ error: { message: 'dead' } }),
      'the stream says: {"error":{"message":"dead"}}',
      'warmup_failed',
    ],
    [
      'a page',
      (r) => void r.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'),
      'the answer is not JSON: <p>',
      'warmup_failed',
    ],
    [
      'a broken connection',
      (r) => void r.destroy(),
      '/v1/chat/completions cannot be asked: ',
      'warmup_failed',
    ],
  ])('fails at %s, and says what it was', async (_, answer, message, code) => {
    const base = await modelServer(answer)
    const timeout = code === 'health_timeout' ? 2000 : 20_000
    const failed = await test(base, ask, { timeout }).catch((error) => error)
    expect(failed.message).toContain(message)
    expect(failed.code).toBe(code)
  })

  it('fails at a model that the server does not have', async () => {
    const base = await modelServer(whole)
    await expect(test(base, ask, { model: 'tiny/other' })).rejects.toMatchObject({
      message: expect.stringContaining('answers 404: {"error":{"message":"The model `tiny/other`'),
      code: 'unknown_model',
    })
  })

  it('fails where nobody listens', async () => {
    const port = await freePort()
    await expect(test(`http://127.0.0.1:${port}`, { path: '/' })).rejects.toThrow('ECONNREFUSED')
  })

  it.each([
    [{}, 'must have a "prompt" or a "path", and not both'],
    [{ prompt: 'a', path: '/b' }, 'must have a "prompt" or a "path", and not both'],
    [{ path: 'b' }, 'must begin with "/" and contain no blank'],
    [{ prompt: '' }, 'must not be empty'],
  ])('is refused as %j', (smoke, words) => {
    const { error } = launchSchema.safeParse({ provider: 'local', smoke })
    expect(error?.issues.map(({ message }) => message)).toContain(words)
  })
})

/** A model server in one line of shell. */
const code = `
const { createServer } = require('node:http')
createServer(async (request, response) => {
  if (request.url === '/health') return response.end()
  let body = ''
  for await (const chunk of request) body += chunk
  console.log('asked as ' + request.method, process.pid)
  if (process.env.HOW === 'die') process.exit(7)
  if (process.env.HOW === 'hang') return
  const { model } = JSON.parse(body)
  const known = model === 'tiny/one'
  response.writeHead(known ? 200 : 404, { 'Content-Type': 'application/json' })
  const content = 'Hello, my key is ' + process.env.KEY
  response.end(known ? JSON.stringify({ choices: [{ message: { content } }] })
    : 'The model ' + model + ' does not exist.')
}).listen(process.env.PORT, '127.0.0.1')
`

const serving = task({ run: `exec node -e "${code}"` })

async function launched(more: Partial<LaunchRequest>) {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const server = await startLaunching({ folder })
  onTestFinished(server.stop)
  const request = { provider: 'local', region: 'local', gpu: 'cpu', task: serving, smoke: ask }
  const { node_id } = await server.orchestrator.launch({ ...request, ...more })
  onTestFinished(async () => {
    await server.orchestrator.terminate(node_id).catch(() => {})
    await server.until(node_id, ({ phase }) => phase === 'failed')
  })
  return { ...server, id: node_id }
}

const words = (entries: LogEntry[]) => entries.map(({ message, phase }) => [phase, message])

describe('a launch with a smoke test', () => {
  it('is active once its server has answered, and tells how fast', async () => {
    const {
      id,
      until: reach,
      registry,
    } = await launched({
      ...{ model: MODEL, secrets: { KEY: 'sesame-open-sesame' } },
    })
    const entries = await reach(id, ({ phase }) => phase === 'active')
    const told = words(entries).filter(([phase]) => phase === 'health_check' || phase === 'active')
    expect(told.filter(([, text]) => !text?.startsWith('asked as'))).toEqual([
      ['health_check', 'Running health checks...'],
      ['health_check', 'Testing the server with a first question'],
      ['health_check', expect.stringMatching(/^The smoke test was passed: answered after \S+s$/)],
      ['active', 'Node is ready and serving requests!'],
    ])
    const node = await registry.get(id)
    expect(node).toMatchObject({ status: 'active', smoke: { answer: 'Hello, my key is ***' } })
    expect(node?.smoke?.first_token_ms).toBeGreaterThanOrEqual(0)
  })

  it('has failed where its server has another model, with its answer as the evidence', async () => {
    const { id, until: reach, registry } = await launched({ model: 'tiny/other' })
    const entries = await reach(id, ({ phase }) => phase === 'failed')
    expect(entries.some(({ phase }) => phase === 'active')).toBe(false)
    const node = await registry.get(id)
    const answer =
      'The smoke test failed: /v1/chat/completions answers 404: The model tiny/other does not exist.'
    expect(node?.failure).toMatchObject({
      ...{ code: 'unknown_model', phase: 'health_check', message: answer },
      evidence: [{ index: entries.length - 1, message: answer }],
    })
    const pid = Number(/asked as POST (\d+)/.exec(words(entries).join('\n'))?.[1])
    await gone(pid)
  })

  it('has failed where its server dies of the question', async () => {
    const {
      id,
      until: reach,
      registry,
    } = await launched({
      ...{ model: MODEL, envs: { HOW: 'die' } },
    })
    const entries = await reach(id, ({ phase }) => phase === 'failed')
    expect(entries.some(({ phase }) => phase === 'active')).toBe(false)
    const { message, details } = (await registry.get(id))?.failure ?? {}
    expect(`${message} ${details}`).toMatch(/exit(?:ed|s)?\b.*\b7\b/)
    expect(`${message} ${details}`).not.toContain('smoke test')
  })

  it('is terminated at once while its server hangs at the question', async () => {
    const {
      id,
      until: reach,
      registry,
      orchestrator,
    } = await launched({
      ...{ model: MODEL, envs: { HOW: 'hang' } },
    })
    await reach(id, ({ message }) => message.startsWith('asked as'))
    await orchestrator.terminate(id)
    await reach(id, ({ phase }) => phase === 'failed')
    expect((await registry.get(id))?.status).toBe('terminated')
  })

  it('is tested again where this server was started again meanwhile', async () => {
    const server = await startServer()
    const request = { provider: 'local', node_id: 'slow', model: MODEL, smoke: ask }
    const own = task({ run: `exec node -e "${code}"`, envs: { HOW: 'hang' } })
    expect((await server.post('/admin/nodes/launch', { ...request, task: own })).status).toBe(202)
    const asked = async (from = server) => {
      const { logs } = (await (await from.fetch('/admin/nodes/slow/logs?tail=all')).json()) as {
        logs: LogEntry[]
      }
      return logs.filter(({ message }) => message.startsWith('asked as')).length
    }
    await until('the question', async () => (await asked()) === 1)
    await server.kill()
    const next = await startServer({ dataDir: server.dataDir })
    await until('the second question', async () => (await asked(next)) === 2)
    await next.post('/admin/nodes/slow/terminate', '')
    await until('its end', async () => {
      const node = (await (await next.fetch('/admin/nodes/slow')).json()) as { status: string }
      return node.status === 'terminated'
    })
  })

  it('is refused where nothing is asked whether it is ready', async () => {
    const folder = temporaryFolder()
    onTestFinished(() => removeFolder(folder))
    const server = await startLaunching({ folder })
    onTestFinished(server.stop)
    const request = { provider: 'local', region: 'local', gpu: 'cpu', task: serving, smoke: ask }
    await expect(
      server.orchestrator.launch({ ...request, readiness: { from: 'job' } }),
    ).rejects.toThrow('"smoke" needs a server')
  })
})
