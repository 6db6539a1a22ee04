/** The secrets of the launches that run now. Launching fills it; whoever redacts reads it. */
export interface NodeSecrets {
  /** The values that must not appear in anything that is stored about a node. */
  of(nodeId: string): readonly string[]
  hold(nodeId: string, values: readonly string[]): void
  release(nodeId: string): void
}

export function createNodeSecrets(): NodeSecrets {
  const byNode = new Map<string, readonly string[]>()
  return {
    of: (nodeId) => byNode.get(nodeId) ?? NONE,
    hold: (nodeId, values) => void byNode.set(nodeId, values),
    release: (nodeId) => void byNode.delete(nodeId),
  }
}

const NONE: readonly string[] = []
