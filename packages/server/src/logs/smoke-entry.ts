import { formatDuration, type LogEntry, shorten } from '@launchtail/client/protocol'

/** What a smoke test found, as it is stored with the node. */
export interface SmokeResult {
  /** Milliseconds until the first token or, without a stream, until the answer. */
  readonly first_token_ms: number
  readonly tokens_per_second?: number
  readonly tokens?: number
  /** How the answer begins. */
  readonly answer: string
}

interface Measured {
  readonly answer: string
  readonly firstToken: number
  readonly tokens?: number
  readonly tokensPerSecond?: number
}

/** The entry of a smoke test that was passed. */
export function passedEntry({ answer, firstToken, tokens, tokensPerSecond }: Measured) {
  const result: SmokeResult = {
    first_token_ms: Math.round(firstToken),
    ...(tokensPerSecond !== undefined && {
      tokens_per_second: Math.round(tokensPerSecond * 10) / 10,
    }),
    ...(tokens !== undefined && { tokens }),
    answer: shorten(answer.replace(/\s+/g, ' ').trim()),
  }
  const rate = tokensPerSecond === undefined ? '' : `, ${result.tokens_per_second} tokens/s`
  const after = formatDuration(result.first_token_ms)
  return {
    message: `${PASSED}${after}${rate}`,
    phase: 'health_check' as const,
    progress: 95,
    details: `${RESULT}${JSON.stringify(result)}`,
  }
}

/** The result that such an entry has; undefined for any other entry. */
export function smokeIn({ message, details = '', phase }: LogEntry): SmokeResult | undefined {
  if (phase !== 'health_check' || !message.startsWith(PASSED)) return undefined
  if (!details.startsWith(RESULT)) return undefined
  try {
    const result = JSON.parse(details.slice(RESULT.length)) as Partial<SmokeResult>
    const { first_token_ms, tokens_per_second, tokens, answer } = result
    if (typeof first_token_ms !== 'number' || typeof answer !== 'string') return undefined
    return {
      first_token_ms,
      ...(typeof tokens_per_second === 'number' && { tokens_per_second }),
      ...(typeof tokens === 'number' && { tokens }),
      answer,
    }
  } catch {
    // An entry that only resembles one: any program can write such a line.
    return undefined
  }
}

const PASSED = 'The smoke test was passed: answered after '
const RESULT = 'smoke: '
