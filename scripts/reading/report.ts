import type { Figure, Figures } from './judge.js'
import type { Result } from './judge-corpus.js'

const HEADS = ['', 'phase starts', 'error precision', 'error recall', 'cause line', 'code']

/** The figures as text. */
export function report(
  { variants, tools, logs, unlike }: Result,
  { misses }: { misses: boolean },
): string {
  const rows = (named: readonly { name: string; all: Figures }[]) =>
    table([[...HEADS, 'premature', 'lost'], ...named.map(({ name, all }) => row(name, all))])
  const parts = [
    'By tool, as the logs are\n',
    rows([...tools, { name: 'all', all: (variants[0] as { all: Figures }).all }]),
    '\nAll tools, by the way the output comes\n',
    rows(variants),
    `\nOther entries in other chunks: ${unlike.join(', ') || 'none'}`,
  ]
  if (misses) {
    const wrong = logs.filter(({ judged }) => judged.misses.length > 0)
    parts.push(...wrong.map(({ file, judged }) => `\n${[file, ...judged.misses].join('\n  ')}`))
  }
  return parts.join('\n')
}

function row(name: string, all: Figures): string[] {
  const { phases, precision, recall, cause, code, premature, lost } = all
  const shares = [phases, precision, recall, cause, code].map(share)
  return [name, ...shares, `${premature}`, `${lost}`]
}

function share({ right, of }: Figure): string {
  return of === 0 ? '-' : `${right}/${of} ${Math.round((100 * right) / of)}%`
}

function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(...rows.map((cells) => cells[i]?.length ?? 0)),
  )
  return rows
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
