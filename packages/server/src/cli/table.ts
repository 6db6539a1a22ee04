import type { NodeRecord } from '@launchtail/client'
import { formatPrice, priceText, shorten } from '@launchtail/client/protocol'
import type { Formatter } from './format/formatter.js'
import { cut, oneLine } from './format/text.js'

export interface TableOptions {
  format: Formatter
  /** The width and height to fit into. Without them, everything is shown whole. */
  width?: number | undefined
  rows?: number | undefined
  /** Shows whose they are, where, and what they cost, too. */
  isWide?: boolean | undefined
}

const HEAD: Cells = ['NODE', 'STATE', 'NAME', 'ENDPOINT OR MESSAGE']
const WIDE_HEAD = ['OWNER', 'WHERE', 'GPU', 'PRICE', 'SPENT']
const BETWEEN = '  '
/** If the last column had less room, the column with names is left out. */
const LEAST_WORDS = 24

/** One node per line. With a width to fit into, UUIDs are cut to a unique prefix. */
export function nodesTable(
  nodes: readonly NodeRecord[],
  { format, width, rows = Number.POSITIVE_INFINITY, isWide = false }: TableOptions,
): string {
  if (nodes.length === 0) return 'There are no nodes.'
  const fits = nodes.length < rows - 1 ? nodes.length : Math.max(1, rows - 2)
  const shown = nodes.slice(0, fits)
  const more = fits < nodes.length ? [format.dim(`… and ${nodes.length - fits} more`)] : []
  if (width === undefined) {
    const plain = columnsOf(shown.map((node) => cellsOf(node, { isWide })))
    return [...plain.map((cells) => cells.join(BETWEEN).trimEnd()), ...more].join('\n')
  }
  const idOf = shortIds(nodes.map(({ node_id }) => node_id))
  const head = isWide ? [...HEAD.slice(0, -1), ...WIDE_HEAD, ...HEAD.slice(-1)] : HEAD
  const all = [head, ...shown.map((node) => cellsOf(node, { idOf, isWide }))]
  const isNarrow = widthOf(columnsOf(all)) > width - LEAST_WORDS
  const [first = [], ...lines] = columnsOf(isNarrow ? all.map(withoutName) : all)
  const room = width - 1 - widthOf([first])
  const cutTo = (cells: readonly string[]) => [...cells.slice(0, -1), cut(cells.at(-1) ?? '', room)]
  return [
    format.dim(cutTo(first).join(BETWEEN)),
    ...lines.map((cells, n) => {
      const [id = '', state = '', ...rest] = cutTo(cells)
      const status = shown[n]?.status ?? 'launching'
      return [id, format.status(state, status), ...rest].join(BETWEEN).trimEnd()
    }),
    ...more,
  ].join('\n')
}

/** Pads all cells, except the last of each row, to the width of their column. */
function columnsOf(rows: readonly (readonly string[])[]): (readonly string[])[] {
  const widths = rows[0]?.map((_, n) => Math.max(...rows.map((cells) => cells[n]?.length ?? 0)))
  return rows.map((cells) =>
    cells.map((cell, n) => (n < cells.length - 1 ? cell.padEnd(widths?.[n] ?? 0) : cell)),
  )
}

/** The width of all columns except the last. */
function widthOf([cells = []]: readonly (readonly string[])[]): number {
  return cells.slice(0, -1).reduce((sum, cell) => sum + cell.length + BETWEEN.length, 0)
}

function withoutName([id = '', state = '', , ...more]: Cells): Cells {
  return [id, state, ...more]
}

/** The id, the state, the name, what a wide table has, and words. */
type Cells = readonly string[]

interface CellsOptions {
  idOf?: (id: string) => string
  isWide: boolean
}

function cellsOf(node: NodeRecord, { idOf = (id) => id, isWide }: CellsOptions): Cells {
  const { node_id, cluster_name, name, status, phase, progress, endpoint, failure } = node
  const message = failure?.message ?? node.message
  const settled = node.health?.ok === false ? 'unhealthy' : status
  const state = status === 'launching' ? `${phase} ${Math.round(progress)}%` : settled
  const marks = [node.stalled && 'stalled: ', node.unattended && 'unattended: ']
  const mark = marks.filter(Boolean).join('')
  return [
    idOf(node_id),
    state,
    oneLine(name || cluster_name),
    ...(isWide ? wideCells(node) : []),
    oneLine(shorten(mark + (status === 'active' ? (endpoint ?? message) : message))),
  ]
}

function wideCells({ owner, provider, region, gpu, gpu_count: count, spent, ...node }: NodeRecord) {
  const where = [...new Set([provider, region])].filter(Boolean).join('/')
  const gpus = count > 1 ? `${count} × ${gpu}` : gpu
  return [
    ...[owner, where, gpus].map((text) => oneLine(text || '-')),
    ...[priceText(node), spent === undefined ? '-' : formatPrice(spent)],
  ]
}

const SHORTEST = 8
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Cuts UUIDs to a prefix that tells them apart. Other ids stay as they are. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  const made = ids.filter((id) => UUID.test(id))
  let length = SHORTEST
  while (new Set(made.map((id) => id.slice(0, length))).size < new Set(made).size) length += 1
  return (id) => (UUID.test(id) ? id.slice(0, length) : id)
}
