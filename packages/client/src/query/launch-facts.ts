import type { NodeRecord } from '../protocol/node.js'

/** The fields of a launch that a query can ask for: a part of its node's record. */
export type LaunchFacts = Pick<
  NodeRecord,
  | 'node_id'
  | 'name'
  | 'cluster_name'
  | 'provider'
  | 'region'
  | 'gpu'
  | 'model'
  | 'use_spot'
  | 'group'
  | 'owner'
  | 'labels'
> & {
  readonly status: NodeRecord['status']
  readonly failure?: { readonly code: string } | undefined
}
