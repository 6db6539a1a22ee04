import { createHash } from 'node:crypto'

export const DEFAULT_USER = 'launchtail'

/**
 * The user that requests come from. A request that names no user runs as the server's own; one that
 * names half a user kills the worker that takes it.
 */
export function callerNamed(user: string) {
  return {
    env_vars: {
      SKYPILOT_USER_ID: createHash('sha256').update(user).digest('hex').slice(0, 8),
      SKYPILOT_USER: user,
    },
    override_skypilot_config: {},
    using_remote_api_server: true,
  }
}
