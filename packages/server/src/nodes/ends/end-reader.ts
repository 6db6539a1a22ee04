import type { Transaction } from 'kysely'
import type { Schema } from '../../database/schema.js'
import type { About } from '../rows.js'
import type { Ended } from './ended.js'

/**
 * Called with the launches of a node that have ended, whoever ended them: a launcher of this server, a
 * piped command, a mark, silence, or another program's entry. The transaction is the one that stores the
 * ends in the node's record. A record that is rebuilt from its list calls again with the same launches: a
 * launch is known by its node and its `started_at`.
 */
export type EndReader = (
  transaction: Transaction<Schema>,
  nodeId: string,
  about: About & { readonly cluster_name?: string | undefined },
  ended: readonly Ended[],
) => Promise<void>
