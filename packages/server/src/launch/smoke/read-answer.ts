import { createParser } from 'eventsource-parser'
import { SmokeFault } from './fault.js'
import type { Smoke } from './smoke.js'

/** An answer, and how fast it came. */
export interface Measured {
  readonly answer: string
  /** Milliseconds until the first token or, without a stream, until the answer. */
  readonly firstToken: number
  /** Tokens that the answer has, where it says so or was streamed. */
  readonly tokens?: number
  readonly tokensPerSecond?: number
}

export interface ReadAnswerOptions {
  kind: Smoke['ask']['kind']
  /** When it was asked for, by the monotonic clock. */
  begun: number
}

/** The most of an answer that is read, in characters. */
const LONGEST = 64 * 1024

/** Reads an answer to its end, streamed or not. */
export async function readAnswer(
  response: Response,
  { kind, begun }: ReadAnswerOptions,
): Promise<Measured> {
  const type = response.headers.get('Content-Type') ?? ''
  if (kind === 'chat' && type.startsWith('text/event-stream')) return readStream(response, begun)
  const text = await readText(response)
  const firstToken = performance.now() - begun
  if (kind === 'path') return { answer: text, firstToken }
  const json = parsed(text)
  const tokens = countIn(json)
  if (kind === 'embeddings') {
    if (Array.isArray(json.data?.[0]?.embedding)) return { answer: '', firstToken }
    throw new SmokeFault(`the answer has no embedding: ${text.slice(0, 300)}`, 'warmup_failed')
  }
  const rate = tokens === undefined ? undefined : (tokens * 1000) / Math.max(1, firstToken)
  return measured(textIn(json.choices?.[0]?.message), { firstToken, tokens, rate })
}

/** The parts of an OpenAI-compatible answer that are read. Any of them may be missing. */
interface Answer {
  choices?: { message?: Words; delta?: Words }[]
  data?: { embedding?: unknown }[]
  usage?: { completion_tokens?: unknown } | null
  error?: unknown
}

/** Models that reason say their thoughts apart. */
interface Words {
  content?: unknown
  reasoning_content?: unknown
  reasoning?: unknown
}

async function readStream(response: Response, begun: number): Promise<Measured> {
  let answer = ''
  let pieces = 0
  let counted: number | undefined
  let [first, last] = [0, 0]
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') return
      const json = parsed(data)
      if (json.error !== undefined && json.error !== null) {
        throw new SmokeFault(`the stream says: ${data.slice(0, 1000)}`, 'warmup_failed')
      }
      counted = countIn(json) ?? counted
      const text = textIn(json.choices?.[0]?.delta)
      if (text === '') return
      last = performance.now()
      if (pieces === 0) first = last
      pieces += 1
      if (answer.length < LONGEST) answer += text
    },
  })
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }))
  }
  const tokens = counted ?? pieces
  const seconds = (last - first) / 1000
  const rate = pieces > 1 && seconds > 0 ? (tokens - 1) / seconds : undefined
  return measured(answer, { firstToken: first - begun, tokens, rate })
}

interface Speed {
  firstToken: number
  tokens: number | undefined
  rate: number | undefined
}

function measured(answer: string, { firstToken, tokens, rate }: Speed): Measured {
  return {
    answer,
    firstToken,
    ...(tokens !== undefined && { tokens }),
    ...(rate !== undefined && { tokensPerSecond: rate }),
  }
}

async function readText(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    // Whoever leaves the loop cancels the rest.
    if (text.length > LONGEST) break
  }
  return text
}

function parsed(text: string): Answer {
  try {
    return (JSON.parse(text) as Answer | null) ?? {}
  } catch {
    throw new SmokeFault(`the answer is not JSON: ${text.slice(0, 300)}`, 'warmup_failed')
  }
}

function countIn({ usage }: Answer): number | undefined {
  const count = usage?.completion_tokens
  return typeof count === 'number' ? count : undefined
}

function textIn(words: Words = {}): string {
  const text = words.content || words.reasoning_content || words.reasoning
  return typeof text === 'string' ? text : ''
}
