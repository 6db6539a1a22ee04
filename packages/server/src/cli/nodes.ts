import { setTimeout as pause } from 'node:timers/promises'
import type { Client, NodeRecord, Phase } from '@launchtail/client'
import { Command } from 'commander'
import logUpdate from 'log-update'
import { connect, withServer } from './connection.js'
import { createLook, type Look, wantsColor } from './look.js'
import { resolveNode } from './node-names.js'

interface NodesFlags {
  phase?: Phase
  provider?: string
  watch?: boolean
  json?: boolean
  limit: string
  url?: string
  tokenFile?: string
}

const WATCH_EVERY = 1000

/** `launchtail nodes`: which nodes there are, newest first. */
export function nodesCommand(): Command {
  return withServer(new Command('nodes'))
    .description('List nodes, newest first.')
    .option('--phase <phase>', 'only those in this phase')
    .option('--provider <name>', 'only those of this provider')
    .option('-n, --limit <count>', 'how many', '50')
    .option('-w, --watch', 'show them anew every second')
    .option('--json', 'as JSON, one a line')
    .action(async (flags: NodesFlags) => {
      const client = await connect(flags)
      const look = createLook({ color: wantsColor(process.stdout) })
      if (!flags.watch) {
        process.stdout.write(await listing(client, flags, look))
        return
      }
      for (;;) {
        const text = await listing(client, flags, look)
        if (process.stdout.isTTY) logUpdate(text)
        else process.stdout.write(text)
        await pause(WATCH_EVERY)
      }
    })
}

async function listing(client: Client, { phase, provider, limit, json }: NodesFlags, look: Look) {
  const { nodes } = await client.listNodes({
    limit: Number(limit),
    ...(phase && { phase }),
    ...(provider && { provider }),
  })
  const lines = nodes.map((node) => (json ? JSON.stringify(node) : look.node(node)))
  if (lines.length === 0) return json ? '' : 'There are no nodes.\n'
  return `${lines.join('\n')}\n`
}

/** `launchtail status`: one node in full. */
export function statusCommand(): Command {
  return withServer(new Command('status'))
    .description('Show where a node is.')
    .argument('<node>', 'its id, the id’s unique beginning, or its cluster name')
    .option('--json', 'as JSON')
    .action(async (name: string, flags: { json?: boolean; url?: string; tokenFile?: string }) => {
      const client = await connect(flags)
      const node = await client.getNode(await resolveNode(client, name))
      const look = createLook({
        color: wantsColor(process.stdout),
        width: process.stdout.columns ?? 80,
      })
      process.stdout.write(flags.json ? `${JSON.stringify(node, null, 2)}\n` : inFull(node, look))
    })
}

function inFull(node: NodeRecord, look: Look): string {
  const facts = [
    ['node', node.node_id],
    ['cluster', node.cluster_name],
    ['model', node.model],
    ['where', [node.provider, node.region, node.gpu].filter(Boolean).join(' ')],
    ['status', node.status],
    ['endpoint', node.endpoint],
    ['created', node.created_at],
  ]
  const lines = facts
    .filter(([, value]) => value)
    .map(([name = '', value]) => `${name.padEnd(9)} ${value}`)
  const phases = node.phases.map(({ phase, duration_ms: ms }) =>
    `  ${phase.padEnd(15)} ${ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`}`.trimEnd(),
  )
  const parts = [lines.join('\n'), phases.join('\n'), look.rail(node), look.failure(node)]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** `launchtail terminate`: ends a launch, or takes a node down. */
export function terminateCommand(): Command {
  return withServer(new Command('terminate'))
    .description('Cancel a node’s launch, or take the node down.')
    .argument('<node>', 'its id, the id’s unique beginning, or its cluster name')
    .action(async (name: string, flags: { url?: string; tokenFile?: string }) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      await client.terminateNode(id)
      process.stdout.write(`${id} is being terminated\n`)
    })
}
