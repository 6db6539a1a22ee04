import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'

/** Gives each launch what its node needs to send its own log in. */
export interface NodeAccess {
  /** The variables of the launch; none where the node would not know this server's address. */
  variablesOf(launch: AccessedLaunch): Variables | undefined
  /** Stores the token with the launch. It ends when the launch does. */
  admit(launch: AccessedLaunch, transaction: Transaction<Schema>): Promise<void>
}

export interface AccessedLaunch {
  readonly launchId: string
  readonly nodeId: string
  /** The launcher's name. */
  readonly launcher: string
}

export interface Variables {
  readonly envs: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
}

/** For servers and tests that give none. */
export const NO_ACCESS: NodeAccess = { variablesOf: () => undefined, admit: async () => {} }

/** The variables that a launch is given although their names are the server's own. */
const NAMES = new Set(['LAUNCHTAIL_URL', 'LAUNCHTAIL_NODE_ID', 'LAUNCHTAIL_TOKEN'])

export function isAccessVariable(name: string): boolean {
  return NAMES.has(name)
}

/** The request with these variables, except where it has its own of the same name. */
export function withAccess(
  request: LaunchRequest,
  variables: Variables | undefined,
): LaunchRequest {
  if (!variables) return request
  const { envs = {}, secrets = {} } = request
  const isGiven = (name: string) => name in envs || name in secrets
  const missing = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !isGiven(name)))
  return {
    ...request,
    envs: { ...missing(variables.envs), ...envs },
    secrets: { ...missing(variables.secrets), ...secrets },
  }
}
