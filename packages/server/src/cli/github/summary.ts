import type { NodeRecord } from '@launchtail/client'
import { formatDuration } from '@launchtail/client/protocol'
import { oneLine } from '../format/text.js'

/** The launch in Markdown, for the summary of a step. */
export function summaryOf(node: NodeRecord): string {
  const { failure } = node
  const facts = [
    ['Node', node.node_id],
    ['Cluster', node.cluster_name],
    ['Model', node.model],
    [
      'Where',
      [node.provider, node.region, node.gpu, node.use_spot && 'spot'].filter(Boolean).join(' '),
    ],
    ['Endpoint', node.endpoint ?? ''],
  ].filter(([, value]) => value !== '')
  const parts = [
    `### Launch of ${escaped(node.name ?? node.node_id)}: ${headline(node)}`,
    ...(failure
      ? [`**${escaped(failure.code)}**: ${escaped(failure.message)}`, escaped(failure.advice)]
      : []),
    table(['', ''], facts),
    ...(node.phases.length > 0 ? [table(['Phase', 'Took'], node.phases.map(rowOf))] : []),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function headline({ status, failure, phase }: NodeRecord): string {
  if (failure) return `failed in ${failure.phase.replaceAll('_', ' ')}`
  return status === 'launching' ? `launching, ${phase.replaceAll('_', ' ')}` : status
}

function rowOf({ phase, duration_ms: ms }: NodeRecord['phases'][number]): string[] {
  return [phase, ms === undefined ? '' : formatDuration(ms, { decimals: 1 })]
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows.map((cells) => cells.map(escaped))]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Text that Markdown shows as it is. */
function escaped(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_{}[\]()#+!|~@-]/g, '\\$&')
}
