import { nodeMatcher, type Scope } from '@launchtail/client/protocol'

/** Whoever makes a request, as its token says. */
export interface Principal {
  /** A short name that is no secret: the token's id, or the beginning of a configured token's digest. */
  readonly id: string
  /** The name for people. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** Undefined if it may use all nodes. */
  readonly nodes?: NodeLimits
  /** True if it can be revoked while the server runs. */
  readonly isRevocable: boolean
}

/** The nodes that a token is limited to. */
export interface NodeLimits {
  readonly patterns: readonly string[]
  has(nodeId: string): boolean
}

export function nodeLimits(patterns: readonly string[]): NodeLimits {
  return { patterns, has: nodeMatcher(patterns) }
}

/** True if a principal has a right. `admin` includes all others. */
export function hasScope({ scopes }: Pick<Principal, 'scopes'>, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin')
}
