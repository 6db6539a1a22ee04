import type { Labels } from './counter.js'

/** How a refusal is counted. The reason is the status in a word, because messages quote what was sent. */
export function labelsOfRefusal(status: number): Labels<'status' | 'reason'> {
  return { status: String(status), reason: REASONS[status] ?? 'other' }
}

const REASONS: Record<number, string> = {
  400: 'bad_request',
  401: 'token',
  403: 'origin',
  404: 'not_found',
  405: 'method',
  406: 'accept',
  408: 'too_slow',
  409: 'conflict',
  410: 'gone',
  412: 'precondition',
  413: 'too_large',
  414: 'address_too_long',
  415: 'content_type',
  417: 'expectation',
  422: 'key_reused',
  429: 'too_many',
  431: 'headers_too_large',
  500: 'internal',
  503: 'unavailable',
  507: 'storage_full',
}
