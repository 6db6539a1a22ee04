/**
 * Which server looks after a node, among servers that share the logs and each have records of their
 * own. A server that does not announce itself any more loses its nodes to whoever claims them.
 */
export interface Owners {
  /** Tells the others that this server is there and where. To be repeated every minute. */
  announce(server: ServerName): Promise<void>
  /** Makes the server the node's owner. If another owner is there, returns its address instead. */
  claim(nodeId: string, name: string): Promise<string | undefined>
  /** The address of the node's owner, if that is there and another server. */
  other(nodeId: string, name: string): Promise<string | undefined>
  /** Keeps the nodes that belong to the server from being without an owner. */
  renew(nodeIds: readonly string[], name: string): Promise<void>
  /** Ends the ownership, if the server has it. */
  release(nodeId: string, name: string): Promise<void>
}

export interface ServerName {
  /** Unique, and the same after a restart. */
  readonly name: string
  readonly address: string
}

/** For how long a server that has stopped announcing itself keeps its nodes, in milliseconds. */
export const ABSENT = 10 * 60_000

/** Of a store that only one server uses. */
export function soleOwner(): Owners {
  return {
    announce: async () => {},
    claim: async () => undefined,
    other: async () => undefined,
    renew: async () => {},
    release: async () => {},
  }
}
