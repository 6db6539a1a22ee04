/** Has SkyPilot's API server answer a question, as a request of its own. Throws what SkyPilot says. */
export async function ask(endpoint: string, path: string, body: object): Promise<unknown> {
  const signal = AbortSignal.timeout(120_000)
  const asked = await fetch(endpoint + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  })
  const id = asked.headers.get('x-skypilot-request-id')
  if (!id) throw new Error(`SkyPilot refuses ${path}: ${await asked.text()}`)
  const reply = await fetch(`${endpoint}/api/get?request_id=${id}`, { signal })
  const answer = (await reply.json()) as { return_value?: string; detail?: unknown }
  if (!reply.ok) throw new Error(`SkyPilot fails at ${path}: ${JSON.stringify(answer.detail)}`)
  return JSON.parse(answer.return_value ?? 'null')
}

/** Asks for something that the API server answers at once. */
export async function get(endpoint: string, path: string): Promise<Response> {
  const reply = await fetch(endpoint + path, { signal: AbortSignal.timeout(60_000) })
  if (!reply.ok) throw new Error(`SkyPilot answers ${path} with ${reply.status}`)
  return reply
}
