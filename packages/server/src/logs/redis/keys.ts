/** Every key and channel in Redis. The braces put all keys of a node into one Cluster slot. */
export const keys = {
  /** The node's list, and the channel its appends are announced on. */
  list: (nodeId: string) => `node_logs:${nodeId}`,
  /** Hash: offset name → position. Same slot as the list, whose whole key is its hash tag. */
  offsets: (nodeId: string) => `launchtail:{node_logs:${nodeId}}:source`,
  /** Hash: index → the text that stands for an element too long to be read: see `read-script.ts`. */
  long: (nodeId: string) => `launchtail:{node_logs:${nodeId}}:long`,
  /** String: there for a day after the list was removed on purpose: see `removal.ts`. */
  removed: (nodeId: string) => `launchtail:{node_logs:${nodeId}}:removed`,
  /** String: the digest and the answer of a request that carried an `Idempotency-Key`. */
  reply: (nodeId: string, key: string) => `launchtail:{node_logs:${nodeId}}:reply:${key}`,
  /** String: the name of the server that looks after the node. Same slot as the list. */
  owner: (nodeId: string) => `launchtail:{node_logs:${nodeId}}:owner`,
  /** String: the address of the server with this name, for as long as it is there. */
  server: (name: string) => `launchtail:server:${name}`,
  /** The channel on which a process hears itself. */
  echo: (process: string) => `launchtail:echo:${process}`,
  /** String: written to find out whether Redis takes writes. */
  probe: 'launchtail:probe',
}
