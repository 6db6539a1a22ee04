import type { NodeRecord } from '@launchtail/client'
import { formatDuration, formatPrice, priceText, tunnelOf } from '@launchtail/client/protocol'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { attemptLines } from './format/attempts.js'
import { furtherEvidence } from './format/failure.js'
import { type Formatter, formatterFor } from './format/formatter.js'
import { oneLine } from './format/text.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

/** `launchtail status`: shows one node in full. */
export function statusCommand(): Command {
  return withServer(new Command('status'))
    .description('Show the state of a node.')
    .argument('<node>', NODE_ARGUMENT)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail status 550e84
  $ launchtail status --json my-node | jq -r .endpoint
`,
    )
    .action(async (name: string, flags: ServerFlags & { json?: boolean }) => {
      const client = await connect(flags)
      const node = await client.getNode(await resolveNode(client, name))
      const text = flags.json
        ? JSON.stringify(node, null, 2)
        : inFull(node, formatterFor(process.stdout))
      process.stdout.write(`${text}\n`)
    })
}

function inFull(node: NodeRecord, format: Formatter): string {
  const gpus = node.gpu && node.gpu_count > 1 ? `${node.gpu_count} × ${node.gpu}` : node.gpu
  const machines = node.num_nodes === undefined ? '' : `on ${node.num_nodes} machines`
  const places = [node.provider, node.region, gpus, machines, node.use_spot && 'spot']
  const facts = [
    ['node', node.node_id],
    ['name', node.name],
    ['cluster', node.cluster_name],
    ['model', node.model],
    ['owner', node.owner],
    ['labels', labelsOf(node)],
    ['where', [...new Set(places)].filter(Boolean).join(' ')],
    ['status', node.status],
    ['endpoint', node.endpoint],
    ['reach', node.reachable === false ? reachOf(node) : undefined],
    ['health', node.health && healthText(node.health)],
    ['smoke', node.smoke && smokeText(node.smoke)],
    ['again', node.relaunch_of && `launched again from ${node.relaunch_of}`],
    ['later', node.relaunched_as && `launched again as ${node.relaunched_as}`],
    ['looked', node.unattended && 'nobody has looked at it for a day'],
    ['created', node.created_at],
    ['ended', node.ended_at],
    ['ends', node.ends_at],
    ['kept', keptOf(node)],
    ['price', node.cluster_name && priceText(node)],
    ['budget', budgetOf(node)],
    ['spent', node.spent === undefined ? undefined : formatPrice(node.spent)],
  ]
  const lines = facts
    .filter(([, value]) => value)
    .map(([name = '', value = '']) => {
      const words = oneLine(value)
      return `${name.padEnd(9)} ${name === 'status' ? format.status(words, node.status) : words}`
    })
  const phases = node.phases.map(({ phase, duration_ms: ms }) =>
    `  ${phase.padEnd(15)} ${ms === undefined ? '' : formatDuration(ms, { decimals: 1 })}`.trimEnd(),
  )
  const { phase, progress, message, eta_seconds: eta, stalled, failure } = node
  const reasons = [
    ...(failure ? furtherEvidence(failure) : []),
    failure?.details,
    failure?.advice,
  ].flatMap((text) => (text ? text.split('\n') : []))
  const parts = [
    lines.join('\n'),
    phases.join('\n'),
    attemptLines(node).join('\n'),
    node.status === 'launching' ? format.progress({ phase, progress, message, eta, stalled }) : '',
    failure ? [format.failure(failure), ...reasons.map(oneLine)].join('\n') : '',
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function healthText({ ok, since, latency_ms: ms }: NonNullable<NodeRecord['health']>): string {
  const latency = ok && ms !== undefined ? `, latest answer after ${formatDuration(ms)}` : ''
  return `${ok ? 'healthy' : 'unhealthy'} since ${since}${latency}`
}

function smokeText({ first_token_ms, tokens_per_second: rate, answer }: Smoke): string {
  const after = formatDuration(first_token_ms)
  return `answered after ${after}${rate === undefined ? '' : `, ${rate} tokens/s`}: ${answer}`
}

type Smoke = NonNullable<NodeRecord['smoke']>

function reachOf(node: NodeRecord): string {
  const tunnel = tunnelOf(node)
  return `from the cluster only${tunnel === undefined ? '' : `: ${tunnel}`}`
}

function labelsOf({ labels = {} }: NodeRecord): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function keptOf({ kept_until: until, cluster_name: cluster }: NodeRecord): string | undefined {
  return until === undefined ? undefined : `until ${until}: ssh ${cluster}`
}

function budgetOf({ budget: own, over_budget: over }: NodeRecord): string {
  const parts = [
    own !== undefined && `${formatPrice(own)} for this launch`,
    over && overBudgetOf(over),
  ]
  return parts.filter(Boolean).join('; ')
}

function overBudgetOf({ day, budget, spent }: NonNullable<NodeRecord['over_budget']>): string {
  const whose = day === undefined ? 'exceeded' : `that of the day exceeded on ${day}`
  return `${whose}: ${formatPrice(spent)} was spent of ${formatPrice(budget)}`
}

/** `launchtail terminate`: cancels a launch, or takes a node down. */
export function terminateCommand(): Command {
  return withServer(new Command('terminate'))
    .description('Cancel a node’s launch, take the node down, or what is kept of a failed launch.')
    .argument('<node>', NODE_ARGUMENT)
    .addHelpText('after', '\nExamples:\n  $ launchtail terminate 550e84\n')
    .action(async (name: string, flags: ServerFlags) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      await client.terminateNode(id)
      process.stdout.write(`${id} is being terminated\n`)
    })
}

/** `launchtail delete`: removes a node's record and log. */
export function deleteCommand(): Command {
  return withServer(new Command('delete'))
    .description('Delete a node’s record and log. A node that runs must be terminated first.')
    .argument('<node>', NODE_ARGUMENT)
    .addHelpText('after', '\nExamples:\n  $ launchtail delete 550e84\n')
    .action(async (name: string, flags: ServerFlags) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      await client.deleteNode(id)
      process.stdout.write(`${id} is deleted\n`)
    })
}
