import type { AuditLine, AuditOptions, Client } from '@launchtail/client'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { countFlag } from './flags.js'
import { formatterFor } from './format/formatter.js'
import { oneLine } from './format/text.js'
import { type Cells, tableOf } from './stats/table-of.js'

interface AuditFlags extends ServerFlags {
  since?: string
  until?: string
  by?: string
  node?: string
  operation?: string
  refused?: boolean
  limit: number
  json?: boolean
}

/** `launchtail audit`: who did what, and who was refused. */
export function auditCommand(): Command {
  return withServer(new Command('audit'))
    .description('List who did what, and who was refused, newest first.')
    .option('--since <time>', 'only later than this: an RFC 3339 time, or a duration such as 2h')
    .option('--until <time>', 'only up to this time, in the same forms')
    .option('--by <token>', 'only with the token of this id')
    .option('--node <id>', 'only what was about this node')
    .option('--operation <name>', 'only this operation, such as launchNode')
    .option('--refused', 'only refusals for want of a token or a right')
    .addOption(countFlag('-n, --limit <count>', 'the number of lines').default(50))
    .option('--json', 'print JSON, one line each')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail audit --since 1d
  $ launchtail audit --refused
  $ launchtail audit --node train-7 --json
`,
    )
    .action(async ({ json, limit, ...flags }: AuditFlags) => {
      const lines = await linesOf(await connect(flags), optionsOf(flags), limit)
      const shown = json ? lines.map((line) => JSON.stringify(line)) : tableFor(lines)
      process.stdout.write(shown.map((line) => `${line}\n`).join(''))
    })
}

function optionsOf({
  since,
  until,
  by,
  node,
  operation,
  refused,
}: Omit<AuditFlags, 'limit'>): AuditOptions {
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(by !== undefined && { token: by }),
    ...(node !== undefined && { node }),
    ...(operation !== undefined && { operation }),
    ...(refused && { refused }),
  }
}

/** The most lines of one answer. */
const PAGE = 1000

async function linesOf(client: Client, options: AuditOptions, limit: number): Promise<AuditLine[]> {
  const lines: AuditLine[] = []
  for (let cursor: string | undefined; lines.length < limit; ) {
    const page = await client.listAudit({
      ...options,
      limit: Math.min(PAGE, limit - lines.length),
      ...(cursor !== undefined && { cursor }),
    })
    lines.push(...page.audit)
    cursor = page.cursor
    if (cursor === undefined) break
  }
  return lines
}

function tableFor(lines: readonly AuditLine[]): string[] {
  if (lines.length === 0) return ['There is nothing of the kind.']
  const head = ['when', 'who', 'from', 'what', 'of', 'status', 'times', 'why']
  const rows = lines.map(rowOf)
  return [tableOf({ head, words: [0, 1, 2, 3, 4, 7], rows }, formatterFor(process.stdout))]
}

function rowOf(line: AuditLine): Cells {
  const { at, token = 'nobody', address, operation, node_id, subject, status, count } = line
  const of = oneLine(node_id ?? subject ?? '')
  return [at, oneLine(token), address, operation, of, status, count, oneLine(line.message ?? '')]
}
