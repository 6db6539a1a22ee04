import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import { ABSENT, type Owners } from '../logs/owners.js'

export interface OwnershipOptions {
  database: Database
  owners: Owners
  /** This server's name, the same after a restart. */
  name: string
  onFault: (message: string, error: unknown) => void
}

/** Keeps servers with records of their own from acting on each other's nodes. */
export interface Ownership {
  /** Makes the node this server's. Throws 409 if it is another server's. */
  claim(nodeId: string): Promise<void>
  /** Throws 409 if the node is another server's. */
  refuseForeign(nodeId: string): Promise<void>
  release(nodeId: string): Promise<void>
  /** Announces this server to the others, now and from now on. */
  announce(address: string): Promise<void>
  stop(): void
}

/** Milliseconds between two announcements, and between two renewals of what this server has. */
const ANNOUNCE_EVERY = ABSENT / 10
const RENEW_EVERY = 6 * 3_600_000
/** Nodes that are renewed at once. */
const PAGE = 200

export function createOwnership({ database, owners, name, onFault }: OwnershipOptions): Ownership {
  let timer: NodeJS.Timeout | undefined
  let renewed = Number.NEGATIVE_INFINITY
  return {
    claim: async (nodeId) => refuse(nodeId, await owners.claim(nodeId, name)),
    refuseForeign: async (nodeId) => refuse(nodeId, await owners.other(nodeId, name)),
    release: (nodeId) => owners.release(nodeId, name),
    async announce(address) {
      const round = () =>
        announceOnce(address).catch((error) => onFault('announcing this server', error))
      timer = setInterval(round, ANNOUNCE_EVERY).unref()
      await round()
    },
    stop: () => clearInterval(timer),
  }

  async function announceOnce(address: string): Promise<void> {
    await owners.announce({ name, address })
    if (performance.now() - renewed < RENEW_EVERY) return
    await renewAll()
    renewed = performance.now()
  }

  async function renewAll(): Promise<void> {
    for (let last = ''; ; ) {
      const rows = await database
        .selectFrom('nodes')
        .select('node_id')
        .where('node_id', '>', last)
        .orderBy('node_id')
        .limit(PAGE)
        .execute()
      const nodeIds = rows.map(({ node_id }) => node_id)
      await owners.renew(nodeIds, name)
      if (nodeIds.length < PAGE) return
      last = nodeIds.at(-1) ?? ''
    }
  }
}

function refuse(nodeId: string, owner: string | undefined): void {
  if (owner === undefined) return
  throw new HttpError(409, `node ${nodeId} belongs to the server at ${owner}; send this there`)
}
