import { errorBody } from './refusals.js'

/** The refusal of what the HTTP parser could not read. It is written to the socket, which closes. */
export function rawRefusal(status: number, message: string, headers = ''): string {
  const body = JSON.stringify(errorBody(message))
  return (
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}\r\n` +
    'Content-Type: application/json; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    'Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n' +
    `${headers}Connection: close\r\n\r\n${body}`
  )
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
}

/** The parser's error in terms of the caller. */
export function parserRefusal(error: { code?: string }): [status: number, message: string] {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'request headers are too large']
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'chunk extensions are too large']
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'request took too long']
    default:
      return [400, 'bad request']
  }
}
