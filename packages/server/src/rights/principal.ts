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
  /** True if it is limited by their ids. */
  readonly byId: boolean
  /** False for a node whose id is none of those that it is for. */
  has(nodeId: string): boolean
  /** What their launches must have, too; undefined if the ids alone decide. */
  readonly launches: LaunchLimits | undefined
}

/** The launches that a token is limited to: those with this owner and these labels. */
export interface LaunchLimits {
  readonly owner: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

/** What is compared with that. */
export interface OwnedLaunch {
  readonly owner?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** Undefined if a token is not limited. */
export function nodeLimits({
  nodes,
  owner,
  labels,
}: {
  nodes?: readonly string[] | undefined
} & OwnedLaunch): NodeLimits | undefined {
  const launches =
    owner === undefined && labels === undefined ? undefined : { owner, labels: labels ?? {} }
  if (!nodes && !launches) return undefined
  return { byId: nodes !== undefined, has: nodes ? nodeMatcher(nodes) : () => true, launches }
}

/** True if a launch is one of those that a token is limited to. */
export function isOwn({ owner, labels }: LaunchLimits, launch: OwnedLaunch): boolean {
  if (owner !== undefined && launch.owner !== owner) return false
  return Object.entries(labels).every(([name, value]) => launch.labels?.[name] === value)
}

/** True if a principal has a right. `admin` includes all others. */
export function hasScope({ scopes }: Pick<Principal, 'scopes'>, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin')
}
