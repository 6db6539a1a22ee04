/**
 * The rights that a token can have, the widest first. Only `admin` includes others: all of them. They
 * have a file of their own without zod, because pages need them at run time.
 */
export const SCOPES = ['admin', 'launch', 'read', 'ingest'] as const
export type Scope = (typeof SCOPES)[number]

/** What each right allows; completes "a token may …". */
export const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  admin: 'administer the server',
  launch: 'launch, change or end nodes',
  read: 'read nodes or logs',
  ingest: 'register nodes or send logs in',
}

/**
 * How a token that is limited to some nodes may use an operation: `path` on those nodes, by the id in
 * the path; `body` on the node that the body names; `both` where it names another one; `launch` to launch one of these; `query` on nodes that the parameter `node` names;
 * `shown` for the part of the answer that is about those nodes; `any` in full, because the operation
 * is about no node. Any other operation is refused to it.
 */
export type Reach = 'launch' | 'path' | 'body' | 'both' | 'query' | 'shown' | 'any'

/** One `*` stands for any characters: `train-*`. */
export const NODE_PATTERN = /^[A-Za-z0-9._*-]{1,128}$/

/** Returns a function that tells whether a node's id fits one of these ids and patterns. */
export function nodeMatcher(patterns: readonly string[]): (nodeId: string) => boolean {
  const ids = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const others = patterns.filter((pattern) => pattern.includes('*')).map((one) => one.split('*'))
  return (nodeId) => ids.has(nodeId) || others.some((pieces) => fits(nodeId, pieces))
}

/** In linear time for each piece: the pattern is a caller's. */
function fits(text: string, [first = '', ...pieces]: readonly string[]): boolean {
  const last = pieces.pop() ?? ''
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const piece of pieces) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - at >= last.length && text.endsWith(last)
}
