import type { Tool } from './tool.js'

/** The network. Most of its failures are tried again by whoever meets them. */
export const network: Tool = {
  name: 'The network',
  spoken: 'by anybody',
  rules: [],
  causes: [
    {
      code: 'network',
      maybe: [
        /\b(?:Temporary failure in name resolution|Could not resolve host|Name or service not known|getaddrinfo E\w{1,20}|Failed to resolve '|No address associated with hostname)/,
        /\bMax retries exceeded with url\b/,
        /\b(?:Connection reset by peer|Connection timed out|Network is unreachable|No route to host)\b/i,
        /\b(?:ReadTimeout|ConnectTimeout|ConnectionError|ReadTimeoutError|NewConnectionError|ConnectError|SSLError|ProxyError)\b/,
        /\b(?:502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out)\b/i,
        /\bECONNRE(?:SET|FUSED)\b|\bETIMEDOUT\b/,
        /\b(?:TLS handshake timeout|i\/o timeout|no such host|certificate verify failed|x509: )/,
      ],
      examples: [
        'curl: (6) Could not resolve host: pypi.example',
        'Max retries exceeded with url: /simple/vllm',
        'read: Connection reset by peer',
        'requests.exceptions.ReadTimeout: read timed out',
        'HTTP 503 Service Unavailable',
        'connect ECONNREFUSED 10.0.0.1:80',
        'dial tcp: lookup registry-1.docker.io: no such host',
      ],
    },
  ],
}
