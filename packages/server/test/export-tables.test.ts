import { spawn, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import type { LogEntry } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEXTS } from './support/corpus.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, temporaryFolder } from './support/processes.js'

const NASTY = ['=1+1', '@SUM(A1)', '-2+3', '+1', 'a\nb\r\nc\rd', '"', ',', ' ', "'", '007', '1e5']

let server: RunningServer
let id: string
let logs: LogEntry[]
beforeAll(async () => {
  server = await startServer()
  id = await newNode(server)
  const sent = [...TEXTS, ...NASTY].map((message, n) => ({
    message: message || 'none',
    ...(n % 2 && { details: message }),
    ...(n % 3 === 0 && { progress: n + 0.5 }),
  }))
  expect((await server.post(`/admin/nodes/${id}/logs`, sent)).status).toBe(202)
  logs = (
    (await (await server.fetch(`/admin/nodes/${id}/logs?tail=all`)).json()) as { logs: LogEntry[] }
  ).logs
  expect(logs).toHaveLength(sent.length)
})
afterAll(endAll)

const hasDuckdb = spawnSync('python3', ['-c', 'import duckdb']).status === 0
const hasLibreOffice = spawnSync('soffice', ['--version']).status === 0
if (!hasDuckdb) console.log('not tested: duckdb is not installed (pip install duckdb)')
if (!hasLibreOffice)
  console.log('not tested: LibreOffice is not installed (libreoffice-calc-nogui)')

describe.skipIf(!hasDuckdb)('duckdb', () => {
  it.each(['csv', 'csv&bom=true', 'csv&gzip=true', 'ndjson', 'json'])(
    'reads an export as %s',
    async (format) => {
      const { file, name } = await saved(`${format}&raw=true`)
      const from = name.endsWith('.json')
        ? `(select unnest(logs, recursive := true) from '${file}')`
        : `'${file}'`
      const columns = 'timestamp, node_id, level, phase, progress, message, details'
      const rows: unknown[][] = JSON.parse(await python(DUCKDB, `select ${columns} from ${from}`))
      // Its reader of CSV drops some carriage returns.
      const comparable = (cell: unknown) =>
        format.startsWith('csv') && typeof cell === 'string' ? cell.replaceAll('\r', '') : cell
      expect(rows.map((row) => row.map(comparable))).toEqual(
        logs.map(({ timestamp, level, phase, progress = null, message, details = null }) => [
          ...[Date.parse(timestamp), id, level, phase, progress],
          ...[message, details].map(comparable),
        ]),
      )
    },
  )
})

describe.skipIf(!hasLibreOffice)('LibreOffice', () => {
  it('reads an export as CSV, runs nothing, and has each cell whole', {
    timeout: 120_000,
  }, async () => {
    const { file, folder, text } = await saved('csv')
    const out = join(folder, 'out')
    const done = spawnSync('soffice', [
      ...[`-env:UserInstallation=file://${folder}/profile`, '--headless'],
      // Commas, double quotes, UTF-8, from the first line; and the same again, all of it quoted.
      ...[
        '--infilter=CSV:44,34,76,1',
        '--convert-to',
        'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true',
      ],
      ...['--outdir', out, file],
    ])
    expect([done.status, String(done.stderr)]).toEqual([0, expect.anything()])
    const cells = async (csv: string) => JSON.parse(await python(CELLS, '', csv)) as string[][]
    const before = await cells(text)
    const after = await cells(await readFile(join(out, 'export.csv'), 'utf8'))
    expect(after.length).toBe(before.length)
    expect(after.map((row) => row.slice(5).map(shownAs))).toEqual(
      before.map((row) => row.slice(5).map(shownAs)),
    )
  })
})

/** Prints the rows that a query finds, times as milliseconds. */
const DUCKDB = `
import datetime, duckdb, json, sys
rows = duckdb.sql(sys.argv[1]).fetchall()
def cell(value):
    if isinstance(value, datetime.datetime):
        return round(value.replace(tzinfo=value.tzinfo or datetime.timezone.utc).timestamp() * 1000)
    return value if value is None or isinstance(value, float) else str(value)
print(json.dumps([[cell(value) for value in row] for row in rows]))
`

/** Prints the cells of what comes on standard input. */
const CELLS = `
import csv, io, json, sys
text = sys.stdin.buffer.read().decode("utf-8-sig")
print(json.dumps(list(csv.reader(io.StringIO(text, newline="")))))
`

async function python(program: string, argument: string, input = ''): Promise<string> {
  const child = spawn('python3', ['-c', program, argument], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  return textOf(child.stdout)
}

/** Saves an export under a name by which programs know its format. */
async function saved(format: string) {
  const folder = await temporaryFolder()
  const name = `export.${format.split('&')[0]}${format.includes('gzip') ? '.gz' : ''}`
  const file = join(folder, name)
  const answer = await server.fetch(`/admin/logs/export?format=${format}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  await writeFile(file, bytes)
  return { folder, name, file, text: bytes.toString() }
}

/** A cell that is nothing but a number is one to a spreadsheet, and line ends are all of one kind. */
function shownAs(text: string): string | number {
  return /^[+-]?\d+(e\d+)?$/.test(text) || /^[\d.]+E\+\d+$/.test(text)
    ? Number(text)
    : text.replaceAll(/\r\n?/g, '\n')
}
