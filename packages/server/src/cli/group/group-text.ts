import type { Group, NodeRecord, WholeGroup } from '@launchtail/client'
import { formatPrice, priceText } from '@launchtail/client/protocol'
import type { Formatter } from '../format/formatter.js'
import { oneLine } from '../format/text.js'
import { tableOf } from '../stats/table-of.js'

/** Groups, one a line. */
export function groupsText(groups: readonly Group[], format: Formatter): string {
  if (groups.length === 0) return 'There are no groups.'
  const rows = groups.map((group) => [
    group.group_id,
    group.status,
    activeOf(group),
    group.update ? updateOf(group.update) : '',
  ])
  return tableOf(
    { head: ['group', 'state', 'active', 'update'], words: [0, 1, 2, 3], rows },
    format,
  )
}

/** A group with its nodes. Those that were replaced and are gone are only counted. */
export function groupText(group: WholeGroup, format: Formatter): string {
  const { group_id, status, update, service, created_at, ended_at, nodes } = group
  const facts = [
    ['group', group_id],
    ['status', `${status}, ${activeOf(group)} active`],
    ['created', created_at],
    ['ended', ended_at],
    ['price', group.spent === undefined ? undefined : priceText(group)],
    ['spent', group.spent === undefined ? undefined : formatPrice(group.spent)],
    ['update', update && updateOf(update)],
    ['service', service && serviceOf(service)],
  ]
  const lines = facts.flatMap(([name = '', value]) => (value ? `${name.padEnd(9)} ${value}` : []))
  const failure = update?.failure
  if (failure) {
    const by = failure.node_id === undefined ? '' : `${failure.node_id}: `
    lines.push(`          ${oneLine(by + failure.message)}`)
  }
  const shown = nodes.filter(({ role }) => role !== 'left')
  const rows = shown.map(({ role, node, replaces }) => [
    node.node_id,
    role === 'joining' && replaces !== undefined ? `replaces ${replaces}` : role,
    stateOf(node),
    wordsOf(node),
  ])
  const head = ['node', 'role', 'state', 'endpoint or message']
  const gone = nodes.length - shown.length
  return [
    lines.join('\n'),
    tableOf({ head, words: [0, 1, 2, 3], rows }, format),
    ...(gone > 0 ? [format.dim(`${gone} replaced before`)] : []),
  ].join('\n\n')
}

/** `3 of 4` */
export function activeOf({ active, replicas }: Pick<Group, 'active' | 'replicas'>): string {
  return `${active} of ${replicas}`
}

export function updateOf(update: NonNullable<Group['update']>): string {
  const { state, replaced, wanted, to_add: toAdd, added, removed } = update
  const parts = [
    (wanted > 0 || (!toAdd && !removed)) && `${replaced} of ${wanted} replaced`,
    toAdd && `${added} of ${toAdd} added`,
    removed && `${removed} removed`,
  ]
  return [state, ...parts.filter(Boolean)].join(', ')
}

function serviceOf({ name, status, endpoint }: NonNullable<Group['service']>): string {
  return [name, status, endpoint].filter(Boolean).join(', ')
}

function stateOf({ status, phase, progress, health }: NodeRecord): string {
  if (status === 'launching') return `${phase} ${Math.round(progress)}%`
  return health?.ok === false ? 'unhealthy' : status
}

function wordsOf({ status, endpoint, failure, message }: NodeRecord): string {
  return oneLine(failure?.message ?? (status === 'active' ? (endpoint ?? message) : message))
}
