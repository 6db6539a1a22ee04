import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const BUILT = fileURLToPath(new URL('../dist', import.meta.url))
/** Bytes, compressed as any browser can read it. */
const MOST = 60 * 1024

test('the first load is at most 60 KB of script', () => {
  const page = readFileSync(join(BUILT, 'index.html'), 'utf8')
  const [, first = ''] = /<script type="module"[^>]* src="\.\/(assets\/[^"]+\.js)"/.exec(page) ?? []
  const scripts = readdirSync(join(BUILT, 'assets')).filter((name) => name.endsWith('.js'))
  const [worker = ''] = scripts.filter((name) => name.startsWith('worker-'))
  const size = [first, join('assets', worker)]
    .map((name) => gzipSync(readFileSync(join(BUILT, name))).length)
    .reduce((sum, length) => sum + length, 0)
  expect(size).toBeGreaterThan(10_000)
  expect(size).toBeLessThanOrEqual(MOST)
  // What draws the launches comes when it is shown.
  expect(scripts.filter((name) => name.startsWith('Statistics-'))).toHaveLength(1)
  expect(page).not.toContain('Statistics-')
})

test('nothing in it names another host, or is written into the page', () => {
  for (const name of readdirSync(BUILT, { recursive: true }) as string[]) {
    if (!/\.(js|css|html)$/.test(name)) continue
    const text = readFileSync(join(BUILT, name), 'utf8')
    const hosts = [...text.matchAll(/(?:src|href|url)\W{1,3}https?:\/\/[^\s"'`)]+/g)]
    expect(hosts.map(([found]) => found)).toEqual([])
    if (name.endsWith('.html')) expect(text).not.toMatch(/<style|\son\w+=|\sstyle=/)
  }
})
