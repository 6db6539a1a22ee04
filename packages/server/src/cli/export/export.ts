import { once } from 'node:events'
import { extname } from 'node:path'
import {
  createClient,
  type ExportAllOptions,
  type ExportFormat,
  type Level,
} from '@launchtail/client'
import { parseDuration } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { type ServerFlags, serverOf, withServer } from '../connection.js'
import { CliError } from '../exit.js'
import { resolveNode } from '../node-names.js'
import { explained } from '../refused-flags.js'
import { type SearchedFlags, withSearchedFlags } from '../search-flags.js'
import { beginPartFile, resumePartFile } from './part-file.js'
import { nothingYet, type ReceiveOptions, receive, type Whole } from './receive.js'
import { createTrailingFetch } from './trailing-fetch.js'

interface ExportFlags extends ServerFlags, SearchedFlags {
  to?: string
  format?: ExportFormat
  raw?: boolean
  bom?: boolean
  resume?: boolean
}

const EXTENSIONS: Readonly<Record<string, ExportFormat>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.csv': 'csv',
  '.log': 'text',
  '.txt': 'text',
}

/** `launchtail export`: the logs of all nodes as a file. */
export function exportCommand(): Command {
  const command = withServer(new Command('export'))
    .description('Write the logs of all nodes, or what a query finds in them, to a file.')
    .argument('[query]', 'a query, see docs/query.md; without one, everything')
    .option('--to <file>', 'the file; without it, standard output')
    .addOption(
      new Option(
        '--format <format>',
        'the format (default: as the name of the file ends, or ndjson)',
      ).choices(['ndjson', 'json', 'csv', 'text']),
    )
  return withSearchedFlags(command)
    .option('--raw', 'CSV: leave cells as they are that a spreadsheet would run as a formula')
    .option('--bom', 'CSV: begin with the mark by which Excel knows UTF-8')
    .option('--resume', 'resume an export that was cut')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail export --to logs.ndjson                          everything there is
  $ launchtail export 'level:error' --since 7d --to errors.csv
  $ launchtail export --to logs.ndjson --resume                 what was left when it was cut
  $ launchtail export --node my-node | jq -r .message

A lost connection is resumed where it was cut. The file gets its name once its count and its
digest are known to be right; until then it is called FILE.part.
`,
    )
    .action(async (query: string | undefined, flags: ExportFlags) => {
      if (flags.resume && !flags.to) throw new CliError('--resume needs a file: --to')
      if (flags.resume && query !== undefined) {
        throw new CliError('--resume uses the query that the export was started with')
      }
      const { fetch, trailers } = createTrailingFetch()
      const client = createClient({ ...(await serverOf(flags)), fetch })
      const base = { client, trailers, note }
      const asked = async () => {
        const nodes = await Promise.all(flags.node.map((name) => resolveNode(client, name)))
        return optionsOf(query, nodes, flags)
      }
      const exported = flags.to ? toFile(flags.to, flags, base, asked) : toOutput(base, asked)
      const whole = await exported.catch((error) => {
        throw explained(error, { ...flags, query })
      })
      if (!whole.isComplete) {
        throw new CliError('entries may be missing, because the server’s disk is full')
      }
    })
}

type Base = Pick<ReceiveOptions, 'client' | 'trailers' | 'note'>
type Asked = () => Promise<ExportAllOptions>

async function toFile(
  file: string,
  { resume }: ExportFlags,
  base: Base,
  asked: Asked,
): Promise<Whole> {
  const part = resume ? await resumePartFile(file) : await beginPartFile(file, await asked())
  try {
    const { query, received, write, remember } = part
    const whole = await receive({ ...base, query, received, write, onBegin: remember })
    await part.finish()
    note(`${whole.count} entries, ${received.bytes} bytes in ${file}`)
    return whole
  } catch (error) {
    await part.close()
    throw error
  }
}

async function toOutput(base: Base, asked: Asked): Promise<Whole> {
  const out = process.stdout
  return receive({
    ...base,
    query: await asked(),
    received: nothingYet(),
    onBegin: async () => {},
    async write(bytes) {
      if (!out.write(bytes)) await once(out, 'drain')
    },
  })
}

function optionsOf(
  query: string | undefined,
  nodes: readonly string[],
  { to = '', format, launch, since, until, level, phase, raw, bom }: ExportFlags,
): ExportAllOptions {
  return {
    format: format ?? EXTENSIONS[extname(to).toLowerCase()] ?? 'ndjson',
    ...(query !== undefined && { q: query }),
    ...(nodes.length > 0 && { node: nodes }),
    ...(launch !== undefined && { launch }),
    ...(since !== undefined && { since: fixed(since) }),
    ...(until !== undefined && { until: fixed(until) }),
    // The server refuses what is not a level.
    ...(level !== undefined && { level: level as Level }),
    ...(phase !== undefined && { phase }),
    ...(raw && { raw }),
    ...(bom && { bom }),
  }
}

/** A duration back from now as a time, which is the same when the export is resumed. */
function fixed(time: string): string {
  const back = parseDuration(time)
  return back === undefined ? time : new Date(Date.now() - back).toISOString()
}

function note(text: string): void {
  process.stderr.write(`launchtail: ${text}\n`)
}
