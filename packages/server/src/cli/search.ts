import type { Client, Hit, Level, SearchOptions } from '@launchtail/client'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { countFlag, zoneFlag } from './flags.js'
import type { Output } from './follow.js'
import { type Formatter, formatterFor } from './format/formatter.js'
import { resolveNode } from './node-names.js'
import { explained } from './refused-flags.js'
import { type SearchedFlags, withSearchedFlags } from './search-flags.js'
import { shortIds } from './table.js'

interface SearchFlags extends ServerFlags, SearchedFlags {
  limit: number
  context: number
  output: Output
  tz: string
}

/** `launchtail search`: entries of all nodes. */
export function searchCommand(): Command {
  const command = withServer(new Command('search'))
    .description('Find entries in the logs of all nodes, also in logs that have expired.')
    .argument('[query]', 'a query, see docs/query.md; without one, the newest entries')
  return withSearchedFlags(command)
    .addOption(countFlag('-n, --limit <count>', 'the number of newest entries').default(100))
    .addOption(
      countFlag('-C, --context <count>', 'show as many entries before and after each').default(0),
    )
    .addOption(
      new Option('-o, --output <form>', 'how to show entries')
        .choices(['pretty', 'json', 'raw'])
        .default('pretty'),
    )
    .addOption(zoneFlag())
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail search 'level:error "out of memory"'
  $ launchtail search 'quota gpu:A100' --since 2d
  $ launchtail search -o json 'cause:no_capacity' | jq -r .node_id | sort | uniq -c
`,
    )
    .action(async (query: string | undefined, flags: SearchFlags) => {
      const client = await connect(flags)
      const nodes = await Promise.all(flags.node.map((name) => resolveNode(client, name)))
      const hits = await findAll(client, optionsOf(query, nodes, flags), flags.limit).catch(
        (error) => {
          throw explained(error, { ...flags, query })
        },
      )
      // The newest is the last one on the screen.
      show(hits.reverse(), flags)
    })
}

function optionsOf(
  query: string | undefined,
  nodes: readonly string[],
  { launch, since, until, level, phase, context }: SearchFlags,
): SearchOptions {
  return {
    ...(query !== undefined && { q: query }),
    ...(nodes.length > 0 && { node: nodes }),
    ...(launch !== undefined && { launch }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    // The server refuses what is not a level.
    ...(level !== undefined && { level: level as Level }),
    ...(phase !== undefined && { phase }),
    context,
  }
}

/** The most entries of one answer. */
const PAGE = 1000

/** Searches on until there is enough, or nothing more to look at. */
async function findAll(client: Client, options: SearchOptions, limit: number): Promise<Hit[]> {
  const hits: Hit[] = []
  for (let cursor: string | undefined; hits.length < limit; ) {
    const found = await client.searchLogs({
      ...options,
      ...(cursor !== undefined && { cursor }),
      limit: Math.min(PAGE, limit - hits.length),
    })
    hits.push(...found.logs)
    cursor = found.cursor
    if (!found.complete && hits.length < limit) noteProgress(found.searched_back_to, cursor)
    if (cursor === undefined) break
  }
  return hits
}

function noteProgress(time: string | undefined, cursor: string | undefined): void {
  const reached =
    cursor === undefined ? 'not everything could be searched' : `searched back to ${time}`
  process.stderr.write(`launchtail: ${reached}\n`)
}

function show(hits: readonly Hit[], { output, tz, context }: SearchFlags): void {
  const out = process.stdout
  const format = formatterFor(out, tz)
  const nodes = [...new Set(hits.map(({ node_id }) => node_id))]
  const shortOf = shortIds(nodes)
  const width = Math.max(0, ...nodes.map((node) => shortOf(node).length))
  for (const hit of hits) {
    if (output === 'json') out.write(`${JSON.stringify(hit)}\n`)
    else if (output === 'raw') out.write(`${format.message(hit.message)}\n`)
    else {
      const label = format.label(shortOf(hit.node_id).padEnd(width), nodes.indexOf(hit.node_id))
      out.write(`${inContext(hit, `${label} `, format)}${context > 0 ? '--\n' : ''}`)
    }
  }
}

/** The entry with its neighbours, which stand back. */
function inContext({ before = [], after = [], ...hit }: Hit, label: string, format: Formatter) {
  const neighbour = (entry: Hit | NonNullable<Hit['before']>[number]) =>
    format.dim(format.entry(entry, label))
  const lines = [...before.map(neighbour), format.entry(hit, label), ...after.map(neighbour)]
  return `${lines.join('\n')}\n`
}
