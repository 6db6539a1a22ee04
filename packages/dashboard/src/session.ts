import { ApiError, type Client, createClient } from '@launchtail/client'
import { computed, signal } from '@preact/signals'
import { noteServerTime } from './clock.js'

const KEY = 'launchtail.token'

/** The page's own address without its file: the API is beside it. */
export const baseUrl = new URL('.', location.href).href.replace(/\/$/, '')

/** The admin token, kept for this tab only; empty before signing in. */
export const token = signal(sessionStorage.getItem(KEY) ?? '')

/** Why the reader has to sign in again; empty where there is nothing to explain. */
export const signedOutBecause = signal('')

export const client = computed<Client>(() =>
  createClient({ baseUrl, token: token.value, fetch: watchedFetch }),
)

/**
 * Takes the token out of the address that `npm start` prints, before anything else is done, so that
 * it stays out of the browser's history and out of anything copied from the address bar.
 */
export function takeTokenFromAddress(): void {
  const match = /^#token=([^&]+)/.exec(location.hash)
  if (!match?.[1]) return
  history.replaceState(null, '', '#/')
  keep(decodeURIComponent(match[1]))
}

/** Tries the token. Throws the server's message if it is refused. */
export async function signIn(tried: string): Promise<void> {
  try {
    await createClient({ baseUrl, token: tried }).listNodes({ limit: 1 })
  } catch (error) {
    // No header can hold it, so it is none of a server's tokens.
    if (error instanceof TypeError) throw new ApiError(401, 'invalid admin token')
    throw error
  }
  keep(tried)
}

export function signOut(because = ''): void {
  keep('')
  signedOutBecause.value = because
}

/** A token that was valid may be revoked at any time. */
export function onUnauthorized(): void {
  signOut('The server no longer accepts this token.')
}

function keep(value: string): void {
  if (value) sessionStorage.setItem(KEY, value)
  else sessionStorage.removeItem(KEY)
  signedOutBecause.value = ''
  token.value = value
}

async function watchedFetch(...args: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...args)
  noteServerTime(response.headers.get('date'))
  if (response.status === 401) onUnauthorized()
  return response
}
