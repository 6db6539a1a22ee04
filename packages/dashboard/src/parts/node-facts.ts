import type { NodeRecord } from '@launchtail/client'
import { formatPrice, priceText } from '@launchtail/client/protocol'
import { inert } from './inert.js'

/** A node's name: the one it was given, or its cluster's, or its id. */
export function nameOf({ name, cluster_name, node_id }: NodeRecord): string {
  return name || cluster_name || node_id
}

/** Where a node runs. For a machine of one's own, provider and region may be the same word. */
export function locationOf({ provider, region }: NodeRecord, separator: string): string {
  return inert([...new Set([provider, region])].filter(Boolean).join(separator))
}

/** Its GPUs: `8 × h100 spot`. */
export function hardwareOf({ gpu, gpu_count, num_nodes, use_spot }: NodeRecord): string {
  const count = gpu_count > 1 ? `${gpu_count} × ` : ''
  const machines = num_nodes !== undefined && `on ${num_nodes} machines`
  return inert([gpu && count + gpu, machines, use_spot && 'spot'].filter(Boolean).join(' '))
}

/** Such as `$3.67 an hour, $12.50 so far`. */
export function costOf(node: {
  price_per_hour?: number | undefined
  spent?: number | undefined
}): string {
  const { spent } = node
  return spent === undefined ? priceText(node) : `${priceText(node)}, ${formatPrice(spent)} so far`
}

/** A code such as `out_of_memory`, as it is read. */
export function codeName(code: string): string {
  return code.replaceAll('_', ' ')
}
