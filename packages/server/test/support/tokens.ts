import type { NewToken, TokenWithSecret } from '@launchtail/client'
import { expect } from 'vitest'
import type { RunningServer } from './processes.js'

/** A token with these rights. */
export async function createToken(
  server: RunningServer,
  token: Partial<Omit<NewToken, 'scopes'>> & { scopes: string[] },
): Promise<TokenWithSecret> {
  const answer = await server.post('/admin/tokens', { name: 'a test', ...token })
  expect(answer.status).toBe(201)
  return (await answer.json()) as TokenWithSecret
}

/** Returns a function that makes requests with this token; a body is JSON. */
export function withToken({ url }: RunningServer, token: string) {
  return (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url + path, {
      ...init,
      headers: {
        'X-Admin-Token': token,
        ...(init.body !== undefined && { 'Content-Type': 'application/json' }),
        ...init.headers,
      },
    })
}
