/** What a refusal says: FastAPI's `detail`, an error's `message`, or a bare text. */
export function detailIn(bytes: Buffer): string {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString('utf8'))
  } catch {
    // A web page, or half an answer: the status has to do.
    return ''
  }
  return detailOf(body)
}

/** The same of a body that was read. */
export function detailOf(body: unknown): string {
  return said(body).replace(/\s+/g, ' ').slice(0, 500)
}

function said(body: unknown): string {
  if (typeof body === 'string') return body
  if (Array.isArray(body)) return body.map(said).filter(Boolean).join('; ')
  if (typeof body !== 'object' || body === null) return ''
  const { message, msg, loc, detail, error } = body as Record<string, unknown>
  if (typeof message === 'string') return message
  if (typeof msg === 'string') return Array.isArray(loc) ? `${loc.join('.')}: ${msg}` : msg
  return said(detail ?? error)
}
