import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import { launchTokenText } from './token-text.js'
import type { Tokens } from './tokens.js'

export interface LaunchTokensOptions {
  tokens: Pick<Tokens, 'addForLaunch'>
  /** The key from which the tokens are made: all servers on one database have the same. */
  key: Buffer
  /** The address of this server for nodes of this launcher; undefined where none is known. */
  urlFor: (launcher: string) => string | undefined
}

interface Launch {
  readonly launchId: string
  readonly nodeId: string
  readonly launcher: string
}

/**
 * Gives each launch a token with which its node sends logs in, for itself alone. It is made from the
 * server's key and the launch's id, so whichever server carries the launch on knows it, and the
 * database does not.
 */
export function createLaunchTokens({ tokens, key, urlFor }: LaunchTokensOptions) {
  return {
    variablesOf({ launchId, nodeId, launcher }: Launch) {
      const url = urlFor(launcher)
      if (url === undefined) return undefined
      return {
        envs: { LAUNCHTAIL_URL: url, LAUNCHTAIL_NODE_ID: nodeId },
        secrets: { LAUNCHTAIL_TOKEN: launchTokenText(key, launchId) },
      }
    },

    async admit({ launchId, nodeId, launcher }: Launch, transaction: Transaction<Schema>) {
      if (urlFor(launcher) === undefined) return
      const text = launchTokenText(key, launchId)
      await tokens.addForLaunch({ launchId, nodeId, text }, transaction)
    },
  }
}
