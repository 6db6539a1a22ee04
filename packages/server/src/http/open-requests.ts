import type { ServerResponse } from 'node:http'
import type { Principal } from '../rights/principal.js'

/** The requests that are under way with each token that can end. */
export interface OpenRequests {
  add(principal: Principal, response: ServerResponse): void
  /** Closes the connections of those with this token. */
  close(principalId: string): void
}

export function createOpenRequests(): OpenRequests {
  const byPrincipal = new Map<string, Set<ServerResponse>>()
  return { add, close }

  function add({ id, isRevocable }: Principal, response: ServerResponse): void {
    if (!isRevocable) return
    const open = byPrincipal.get(id) ?? new Set()
    byPrincipal.set(id, open)
    open.add(response)
    response.once('close', () => {
      open.delete(response)
      if (open.size === 0 && byPrincipal.get(id) === open) byPrincipal.delete(id)
    })
  }

  function close(principalId: string): void {
    for (const response of byPrincipal.get(principalId) ?? []) response.destroy()
  }
}
