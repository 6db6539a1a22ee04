import { DeadlineError, withDeadline } from '@launchtail/client/async'
import { formatDuration, shorten } from '@launchtail/client/protocol'
import { SmokeFault } from './fault.js'
import { type Measured, readAnswer } from './read-answer.js'
import type { Smoke } from './smoke.js'

export interface TestServerOptions {
  /** Where the server is reached, such as `http://127.0.0.1:8000`. */
  base: string
  smoke: Smoke
  /** Milliseconds that the answer may take. */
  timeout: number
  signal: AbortSignal
}

/** The most of a refusal that is kept, in characters. */
const LONGEST_REFUSAL = 2000
/** Tokens that are asked for: enough for a rate. */
const TOKENS = 32

/** Tests a server. Throws a SmokeFault that says what it answers instead. */
export async function testServer({
  base,
  smoke,
  timeout,
  signal,
}: TestServerOptions): Promise<Measured> {
  let path = ''
  try {
    return await withDeadline(timeout, signal, async (within) => {
      const request = await requestOf(base, smoke, within)
      path = request.path
      const begun = performance.now()
      const response = await send(base, request, smoke, within)
      const measured = await readAnswer(response, { kind: smoke.ask.kind, begun })
      check(measured.answer, smoke)
      return measured
    })
  } catch (error) {
    if (error instanceof SmokeFault) throw error
    if (error instanceof DeadlineError) {
      const message = `${path || base} has not answered within ${formatDuration(timeout)}`
      throw new SmokeFault(message, 'health_timeout')
    }
    signal.throwIfAborted()
    throw new SmokeFault(`${path || base} cannot be asked: ${reasonOf(error)}`, 'warmup_failed')
  }
}

interface Asked {
  readonly path: string
  /** Sent by POST. */
  readonly body?: object
}

async function requestOf(base: string, smoke: Smoke, signal: AbortSignal): Promise<Asked> {
  const { ask } = smoke
  if (ask.kind === 'path') return { path: ask.path }
  const model = ask.model ?? (await firstModel(base, smoke, signal))
  if (ask.kind === 'embeddings') {
    return { path: '/v1/embeddings', body: { model, input: ask.prompt } }
  }
  const messages = [{ role: 'user', content: ask.prompt }]
  const stream = { stream: true, stream_options: { include_usage: true } }
  return {
    path: '/v1/chat/completions',
    body: { model, messages, max_tokens: TOKENS, temperature: 0, ...stream },
  }
}

/** The model that the server has, where the launch names none. */
async function firstModel(base: string, smoke: Smoke, signal: AbortSignal): Promise<string> {
  const response = await send(base, { path: '/v1/models' }, smoke, signal)
  const { data } = (await response.json()) as { data?: { id?: unknown }[] }
  const id = data?.[0]?.id
  if (typeof id === 'string') return id
  throw new SmokeFault('/v1/models names no model', 'warmup_failed')
}

async function send(
  base: string,
  { path, body }: Asked,
  { headers }: Smoke,
  signal: AbortSignal,
): Promise<Response> {
  const response = await fetch(base + path, {
    method: body ? 'POST' : 'GET',
    headers: {
      'User-Agent': 'launchtail-smoke-test',
      ...(body && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal,
  })
  if (response.status >= 200 && response.status < 300) return response
  const said = (await response.text()).trim().slice(0, LONGEST_REFUSAL)
  const code = meansNoModel(response.status, said) ? 'unknown_model' : 'warmup_failed'
  throw new SmokeFault(`${path} answers ${response.status}${said && `: ${said}`}`, code)
}

function meansNoModel(status: number, said: string): boolean {
  return (status === 404 || status === 400) && NO_MODEL.test(said)
}

const NO_MODEL = /\bmodel\b.{0,300}\b(?:does not exist|not found|is not (?:loaded|available))\b/is

function check(answer: string, { expect, ask }: Smoke): void {
  if (answer.trim() === '' && ask.kind === 'chat') {
    throw new SmokeFault('the answer has no text', 'warmup_failed')
  }
  if (expect === undefined || answer.includes(expect)) return
  const words = `the answer does not contain ${JSON.stringify(expect)}: ${shorten(answer)}`
  throw new SmokeFault(words, 'warmup_failed')
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message : message
}
