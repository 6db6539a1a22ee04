import type { Client, NodeRecord, Phase } from '@launchtail/client'
import { PHASES } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { countFlag } from './flags.js'
import { brokenLine } from './follow.js'
import { formatterFor } from './format/formatter.js'
import { nodesTable } from './table.js'

interface NodesFlags extends ServerFlags {
  phase?: Phase
  provider?: string
  watch?: boolean
  output?: 'wide'
  unattended?: boolean
  json?: boolean
  limit: number
}

/** `launchtail nodes`: lists nodes, newest first. */
export function nodesCommand(): Command {
  return withServer(new Command('nodes'))
    .description('List nodes, newest first.')
    .addOption(new Option('--phase <phase>', 'only nodes in this phase').choices(PHASES))
    .option('--provider <name>', 'only nodes of this provider')
    .option('--unattended', 'only nodes that run and that nobody has looked at for a day')
    .addOption(countFlag('-n, --limit <count>', 'the number of nodes').default(50))
    .option(
      '-w, --watch',
      'keep the list up to date; without a terminal, print a line for each change',
    )
    .addOption(
      new Option(
        '-o, --output <form>',
        '`wide` also shows owners, places, prices an hour and what was spent',
      ).choices(['wide']),
    )
    .option('--json', 'print JSON, one node per line')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail nodes --watch
  $ launchtail nodes --phase failed --provider aws
  $ launchtail nodes -o wide
  $ launchtail nodes --unattended
  $ launchtail nodes --json | jq -r 'select(.stalled) | .node_id'
`,
    )
    .action(async (flags: NodesFlags) => {
      const client = await connect(flags)
      if (flags.watch) await watch(client, flags)
      else await list(client, flags)
    })
}

async function list(client: Client, flags: NodesFlags): Promise<void> {
  const { phase, provider, unattended, limit, json } = flags
  const { nodes } = await client.listNodes({
    limit,
    ...(phase && { phase }),
    ...(provider && { provider }),
    ...(unattended && { unattended }),
  })
  const out = process.stdout
  if (!json)
    out.write(
      `${nodesTable(nodes, { format: formatterFor(out), width: columnsOf(out), ...lookOf(flags) })}\n`,
    )
  else for (const node of nodes) out.write(`${JSON.stringify(node)}\n`)
}

/** Follows all nodes: as a table on a terminal, otherwise with a line for each change. */
async function watch(client: Client, flags: NodesFlags): Promise<void> {
  const out = process.stdout
  const format = formatterFor(out)
  const isTable = out.isTTY === true && !flags.json
  const { createScreen } = await import('./screen.js')
  const screen = createScreen({ out, hasProgress: isTable })
  let nodes = new Map<string, NodeRecord>()
  /** The nodes before the connection was lost. They stay until the new list is complete. */
  let old: typeof nodes | undefined
  const events = client.streamNodes({
    onState(state) {
      if (state.state === 'connecting') {
        old ??= nodes
        nodes = new Map()
      } else if (state.state === 'waiting' && state.error) {
        screen.note(brokenLine(state))
      }
    },
  })
  try {
    for await (const { event, data } of events) {
      if (event === 'ready') old = undefined
      else if (event === 'deleted') nodes.delete(data.node_id)
      else {
        const before = (old ?? nodes).get(data.node_id)
        nodes.set(data.node_id, data)
        if (!isTable && isShown(data) && isNews(before, data)) screen.line(lineOf(data))
      }
      if (isTable && !old) screen.progress('nodes', table)
    }
  } finally {
    screen.end()
  }

  function table(): string {
    const shown = [...nodes.values()].filter(isShown).sort(newestFirst).slice(0, flags.limit)
    return nodesTable(shown, { format, width: columnsOf(out), rows: out.rows, ...lookOf(flags) })
  }

  function isShown({ phase, provider, unattended }: NodeRecord): boolean {
    if (flags.unattended && !unattended) return false
    if (flags.phase !== undefined && flags.phase !== phase) return false
    return flags.provider === undefined || flags.provider === provider
  }

  function lineOf(node: NodeRecord): string {
    return flags.json ? JSON.stringify(node) : nodesTable([node], { format, ...lookOf(flags) })
  }
}

/** True if the node has changed in something that its line shows. */
function isNews(before: NodeRecord | undefined, node: NodeRecord): boolean {
  const { phase, status, message, failure } = node
  if (before?.phase !== phase || before.status !== status) return true
  if (before.health?.ok !== node.health?.ok) return true
  if (before.unattended !== node.unattended) return true
  return before.message !== message || before.failure?.message !== failure?.message
}

function newestFirst(a: NodeRecord, b: NodeRecord): number {
  return b.created_at.localeCompare(a.created_at)
}

function lookOf({ output }: NodesFlags) {
  return { isWide: output === 'wide' }
}

/** The width of the terminal, if there is one. */
function columnsOf(out: NodeJS.WriteStream): number | undefined {
  return out.isTTY ? out.columns : undefined
}
