import type { IncomingMessage } from 'node:http'
import { DeadlineError } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'
import { SkyApiError, WANTS_LOGIN } from './error.js'
import { detailIn } from './fault-detail.js'

export type SkyFaults = ReturnType<typeof skyFaults>

/** Turns whatever goes wrong with an API server at this address into a SkyApiError. */
export function skyFaults(address: string) {
  const server = `the SkyPilot API server ${address}`
  return { ofNetwork, ofAnswer, unexpected }

  /** The connection failed, or the answer took too long. */
  function ofNetwork(error: unknown): SkyApiError {
    if (error instanceof SkyApiError) return error
    if (error instanceof DeadlineError) {
      return unreachable(`no answer within ${formatDuration(error.ms)}`, error)
    }
    const { code, message } = error as NodeJS.ErrnoException
    return unreachable(CODES[code ?? ''] || message, error)
  }

  /** The answer is a refusal, or a web page in place of an answer. */
  function ofAnswer(response: IncomingMessage, bytes: Buffer): SkyApiError {
    const { statusCode: status = 0, headers } = response
    const detail = detailIn(bytes)
    const said = detail && `: ${detail}`
    if (status >= 300 && status < 400) {
      return refusal(
        `redirects callers (HTTP ${status}), most likely to a login page; ${WANTS_LOGIN}`,
        status,
      )
    }
    if (status === 401 || status === 403) {
      const how = status === 401 ? 'wants a login' : 'does not allow this'
      return refusal(`${how}${said}; ${WANTS_LOGIN}`, status)
    }
    if (isPage(response, bytes)) {
      const error = unexpected(`a web page (HTTP ${status}); check SKYPILOT_API_SERVER_ENDPOINT`)
      return status >= 500 ? unreachable(`HTTP ${status} and a web page`, error, status) : error
    }
    if (status >= 500 || status === 429 || status === 408) {
      const later = headers['retry-after'] === undefined ? '' : ', try again later'
      return unreachable(`HTTP ${status}${detail && `, ${detail}`}${later}`, undefined, status)
    }
    return refusal(`refused the request (HTTP ${status})${said}`, status)
  }

  /** It answered, and not as an API server does. */
  function unexpected(what: string, cause?: unknown): SkyApiError {
    const message = `${server} did not answer as one: it sent ${what}`
    return new SkyApiError(message, { passes: true, cause })
  }

  function unreachable(why: string, cause?: unknown, status?: number): SkyApiError {
    return new SkyApiError(`${server} cannot be reached: ${why}`, {
      passes: true,
      cause,
      ...(status !== undefined && { status }),
    })
  }

  function refusal(what: string, status: number): SkyApiError {
    return new SkyApiError(`${server} ${what}`, { passes: false, status })
  }
}

/** True for HTML, whatever the status: a proxy, a login page or another program answers. */
export function isPage(response: IncomingMessage, bytes?: Buffer): boolean {
  if (/\bhtml\b/.test(response.headers['content-type'] ?? '')) return true
  return bytes !== undefined && /^\s*<(?:!doctype|html)\b/i.test(bytes.toString('latin1', 0, 200))
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no machine of that name',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection could not be made in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
}
