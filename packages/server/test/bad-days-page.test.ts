import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const ROOT = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

interface PageRow {
  readonly name: string
  readonly text: string
  readonly shownBy: string
}

const ROWS: PageRow[] = read('docs/faults.md')
  .split('\n')
  .filter((line) => /^\| [FS]\d/.test(line))
  .map((line) => {
    const cells = line.split(' | ')
    const [name = ''] = cells
    return { name: name.slice(2), text: line, shownBy: cells.at(-1) ?? '' }
  })

/** Each test that a row names: its file, and words of its title. */
function namedIn({ shownBy }: PageRow): { path: string; words: string }[] {
  let path = ''
  const found: { path: string; words: string }[] = []
  for (const [, file, words] of shownBy.matchAll(/`([\w./-]+)`(?= “)|“([^”]+)”/g)) {
    if (file) path = pathOf(file)
    if (words) found.push({ path, words })
  }
  return found
}

function pathOf(file: string): string {
  if (file.endsWith('.ts')) return file
  const [, folder = 'server', name = ''] = /^(?:(client|dashboard)\/)?(.*)$/.exec(file) ?? []
  return `packages/${folder}/test/${name}.test.ts`
}

it('docs/faults.md has each fault and each request once, in order', () => {
  const numbered = (letter: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
  expect(ROWS.map(({ name }) => name)).toEqual([...numbered('F', 59), ...numbered('S', 54)])
})

it('each test that docs/faults.md names is there', () => {
  const missing = ROWS.flatMap((row) =>
    namedIn(row)
      .filter(({ path, words }) => !read(path).replaceAll("\\'", "'").includes(words))
      .map(({ path, words }) => `${row.name}: “${words}” is not in ${path}`),
  )
  expect(missing).toEqual([])
})

it('what no test shows says so, and docs/operations.md names it', () => {
  const [, unshown = ''] = read('docs/operations.md').split('## What is not shown\n')
  const silent = ROWS.filter(
    (row) => namedIn(row).length === 0 || /\bnot (shown|measured)\b/i.test(row.text),
  )
  expect(silent.length).toBeGreaterThan(0)
  for (const row of silent) {
    expect([row.name, /\bnot (shown|measured)\b/i.test(row.text)]).toEqual([row.name, true])
    expect(unshown).toMatch(new RegExp(`\\b${row.name}\\b`))
  }
})
