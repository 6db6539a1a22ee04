import { type Answer, call, jsonOf } from './call.js'
import type { AuditOptions, CallOptions } from './options.js'
import type { NewToken, TokenWithSecret } from './protocol/tokens.js'
import type { Connection } from './request.js'

/** Tokens with some rights, for people and programs; see docs/tokens.md. */
export interface TokenCalls {
  listTokens(options?: CallOptions): Promise<Answer<'listTokens'>>
  /** The answer contains the token, which is shown only once. */
  createToken(token: NewToken, options?: CallOptions): Promise<TokenWithSecret>
  /** Streams that were opened with it are closed. */
  revokeToken(tokenId: string, options?: CallOptions): Promise<void>
  /** Who did what, and who was refused, newest first. */
  listAudit(options?: AuditOptions): Promise<Answer<'listAudit'>>
}

export function tokenCalls(connection: Connection): TokenCalls {
  const json = jsonOf(connection)
  return {
    listTokens: ({ signal } = {}) => json('listTokens', { signal }),
    createToken: (body, { signal } = {}) => json('createToken', { body, signal }),
    async revokeToken(id, { signal } = {}) {
      await call(connection, 'revokeToken', { id, signal })
    },
    listAudit: ({ signal, ...query } = {}) => json('listAudit', { query, signal }),
  }
}
