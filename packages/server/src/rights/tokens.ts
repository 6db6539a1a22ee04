import { randomBytes } from 'node:crypto'
import type { NewToken, Token, TokenWithSecret } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import { createMutex } from '../async/mutex.js'
import { type Changes, NO_CHANGES } from '../database/changes.js'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import { HttpError, tokenNotFound } from '../errors.js'
import { createKeptTokens, shownOf } from './kept-tokens.js'
import type { Principal } from './principal.js'
import { type StoredToken, tokenRows } from './token-rows.js'
import { digestOf, hintOf, isTokenText, newTokenText } from './token-text.js'

/** The tokens that are kept in the database. */
export interface Tokens {
  /** Whoever has this token, if it is accepted now. It never waits: nothing is read from the database. */
  principalOf(text: string, digest: Buffer): Principal | undefined
  /** True while the token of that id is accepted. */
  isKnown(tokenId: string): boolean
  create(token: NewToken, by: string): Promise<TokenWithSecret>
  list(): Token[]
  /** Throws 404 if there is none. */
  revoke(tokenId: string): Promise<void>
  /** Stores the token of a launch with it: for its node alone, until the launch is over. */
  addForLaunch(
    launch: { readonly launchId: string; readonly nodeId: string; readonly text: string },
    transaction: Transaction<Schema>,
  ): Promise<void>
  /** Calls back with the id of each token that ends, through whichever server. */
  onEnd(ended: (tokenId: string) => void): void
  stop(): void
}

export interface TokensOptions {
  database: Database
  /** What other servers do with tokens. */
  changes?: Pick<Changes, 'on' | 'onMissed'>
  now?: () => number
  onFault: (message: string, error: unknown) => void
}

/** Each takes about a kilobyte. */
const MOST = 10_000
/** Milliseconds between two looks at which tokens have expired. */
const LOOK_EVERY = 1000
/** The same at which launches are over. */
const LAUNCHES_EVERY = 2000

/** All tokens are kept in memory, so that a wrong one costs no read of the database. */
export async function openTokens(options: TokensOptions): Promise<Tokens> {
  const { database, changes = NO_CHANGES, now = Date.now, onFault } = options
  const rows = tokenRows(database)
  const ended: ((tokenId: string) => void)[] = []
  const kept = createKeptTokens({
    now,
    onEnd(tokenId) {
      for (const act of ended) act(tokenId)
    },
  })
  // One after the other: rows that were read before a token's end must not be kept after it.
  const inTurn = createMutex()
  const read = (act: () => Promise<void>) =>
    void inTurn('rows', act).catch((error) => onFault('reading tokens', error))
  for (const token of await rows.all()) kept.keep(token)
  changes.on('tokens', ({ key }) => read(() => changed(key)))
  changes.onMissed(() => read(missed))
  const looking = [
    setInterval(kept.expire, LOOK_EVERY).unref(),
    setInterval(() => kept.hasOfLaunches() && read(endWithLaunches), LAUNCHES_EVERY).unref(),
  ]
  return {
    principalOf: (text, digest) => (isTokenText(text) ? kept.principalOf(digest) : undefined),
    isKnown: kept.isGood,
    create,
    addForLaunch,
    list: kept.shown,
    revoke: (tokenId) =>
      inTurn('rows', async () => {
        if (!(await rows.remove(tokenId))) throw tokenNotFound()
        kept.drop(tokenId)
      }),
    onEnd: (act) => void ended.push(act),
    stop: () => looking.forEach(clearInterval),
  }

  async function create(token: NewToken, by: string): Promise<TokenWithSecret> {
    if (kept.size() >= MOST) {
      throw new HttpError(409, `there are ${MOST} tokens already: revoke some that are not needed`)
    }
    const text = newTokenText(token.scopes)
    const stored = storedOf(token, { text, by, now: now() })
    await inTurn('rows', async () => {
      await rows.add(stored)
      kept.keep(stored)
    })
    return { ...shownOf(stored, false), token: text }
  }

  async function addForLaunch(
    { launchId, nodeId, text }: { launchId: string; nodeId: string; text: string },
    transaction: Transaction<Schema>,
  ): Promise<void> {
    const token = { name: `launch of ${nodeId}`, scopes: ['ingest' as const], nodes: [nodeId] }
    const stored = { ...storedOf(token, { text, by: 'launch', now: now() }), launchId }
    await rows.add(stored, transaction)
    // Before the commit: if there is none, nobody is ever given the token.
    kept.keep(stored)
  }

  async function endWithLaunches(): Promise<void> {
    for (const tokenId of await rows.removeEnded()) kept.drop(tokenId)
  }

  /** Another server has created or revoked it. */
  async function changed(tokenId: string): Promise<void> {
    const token = await rows.one(tokenId)
    if (token) kept.keep(token)
    else kept.drop(tokenId)
  }

  async function missed(): Promise<void> {
    const all = await rows.all()
    const there = new Set(all.map(({ tokenId }) => tokenId))
    for (const tokenId of kept.ids()) if (!there.has(tokenId)) kept.drop(tokenId)
    for (const token of all) kept.keep(token)
  }
}

function storedOf(
  { name, scopes, nodes, owner, labels, expires_at }: NewToken,
  { text, by, now }: { text: string; by: string; now: number },
): StoredToken {
  const expiresAt = expires_at === undefined ? undefined : Date.parse(expires_at)
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new HttpError(400, "'expires_at' must be later than now")
  }
  return {
    tokenId: `tok_${randomBytes(10).toString('hex')}`,
    digest: digestOf(text).toString('hex'),
    hint: hintOf(text),
    name,
    scopes: [...new Set(scopes)],
    nodes: nodes && [...new Set(nodes)],
    owner,
    labels,
    createdAt: now,
    createdBy: by,
    expiresAt,
    launchId: undefined,
  }
}
