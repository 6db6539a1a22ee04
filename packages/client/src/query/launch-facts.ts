import type { NodeRecord } from '../protocol/node.js'

/** What a query may ask of a launch: a part of its node's record. */
export type LaunchFacts = Pick<
  NodeRecord,
  'node_id' | 'name' | 'cluster_name' | 'provider' | 'region' | 'gpu' | 'model' | 'use_spot'
> & {
  readonly status: NodeRecord['status']
  readonly failure?: { readonly code: string } | undefined
}
