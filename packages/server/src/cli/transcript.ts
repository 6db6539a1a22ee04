import { fstatSync, readlinkSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Client, LogEntry, NodeRecord } from '@launchtail/client'
import { beginsLaunch, parseCursor } from '@launchtail/client/protocol'
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError } from './exit.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'
import { type Indexed, type Row, rowOf, withRow } from './transcript-row.js'

interface TranscriptFlags extends ServerFlags {
  index?: string
  tool: string
}

/** `launchtail transcript`: a launch's log as a text that the server reads again as it read it. */
export function transcriptCommand(): Command {
  return withServer(new Command('transcript'))
    .description('Write the log of a node’s newest launch as lines of text, with a label.')
    .argument('<node>', NODE_ARGUMENT)
    .option(
      '--index <file>',
      'add the label, which names the cause, to this index.json; without it, it goes to standard error',
    )
    .option('--tool <name>', 'the program whose output it mostly is, such as vLLM', 'unknown')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail cause my-node --line 184                              line 184 was the cause
  $ launchtail transcript my-node --index index.json > my-node.log   for a report, in a folder of its own

Secrets are masked as they are in the log. Look through the text before you pass it on.
`,
    )
    .action(async (name: string, flags: TranscriptFlags) => {
      const client = await connect(flags)
      const node = await client.getNode(await resolveNode(client, name))
      const entries = outputOf(await newestLaunch(client, node.node_id), node)
      if (entries.length === 0) throw new CliError('there is no log to write')
      // It brings along the tables by which output is read, which no other command needs.
      const { transcriptOf } = await import('../output/transcript.js')
      const lines = transcriptOf(entries.map(({ entry }) => entry))
      const { version } = manifest
      const row = rowOf({ node, entries, lines, file: fileName(node), tool: flags.tool, version })
      if (flags.index) await addTo(flags.index, row)
      else process.stderr.write(`${JSON.stringify(row, null, 2)}\n`)
      process.stdout.write(`${lines.flat().join('\n')}\n`)
    })
}

/** The entries of the newest launch, with their places in the list. */
async function newestLaunch(client: Client, nodeId: string): Promise<Indexed[]> {
  let entries: Indexed[] = []
  let before: LogEntry | undefined
  for await (const { event, data, id } of client.stream(nodeId, { follow: false, tail: 'all' })) {
    if (event !== 'log') continue
    if (before && beginsLaunch(before.phase, data.phase)) entries = []
    before = data
    entries.push({ entry: data, index: parseCursor(id)?.index ?? -1 })
  }
  return entries
}

/**
 * Without the entry that ended the launch: whoever launched it said so, and no output. Where it alone
 * names the cause, it stays.
 */
function outputOf(entries: readonly Indexed[], { failure }: NodeRecord): readonly Indexed[] {
  const end = entries.findIndex(({ entry }) => entry.phase === 'failed')
  const [cause] = failure?.evidence ?? []
  const saysWhy = failure?.code !== 'server_exited' && failure?.code !== 'unknown'
  const isCause = entries[end]?.index === cause?.index && (saysWhy || failure?.corrected)
  return end === -1 || isCause ? entries : entries.filter((_, i) => i !== end)
}

/** The name of the file that the output goes to, as far as the system tells it. */
function fileName({ node_id }: NodeRecord): string {
  try {
    if (fstatSync(1).isFile()) return basename(readlinkSync('/proc/self/fd/1'))
  } catch {
    // Only Linux tells it.
  }
  return `${node_id}.log`
}

async function addTo(file: string, row: Row): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '[]'
    throw new CliError(`${file} cannot be read: ${error.message}`, undefined, { cause: error })
  })
  await writeFile(file, withRow(text, row, file))
}
