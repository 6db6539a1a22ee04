import { readFile } from 'node:fs/promises'
import { PHASES } from '@launchtail/client/protocol'
import { expect, it } from 'vitest'
import { madePages } from '../../../scripts/docs.js'
import { settings } from '../src/config.js'

const docs = new URL('../../../docs/', import.meta.url)
const read = (name: string) => readFile(new URL(name, docs), 'utf8')

for (const [name, made] of Object.entries(madePages())) {
  it(`docs/${name} is what the code makes of it (else run: npm run docs)`, async () => {
    expect(await read(name)).toBe(made)
  })
}

it('docs/configuration.md names every setting', async () => {
  const page = await read('configuration.md')
  for (const { env } of Object.values(settings)) expect(page).toContain(`\`${env}\``)
})

it('docs/skypilot.md names only settings that are there', async () => {
  const known = Object.values(settings).map(({ env }) => env as string)
  const named = (await read('skypilot.md')).match(/\b(?:LAUNCHTAIL|SKYPILOT)_[A-Z_]*[A-Z]\b/g)
  expect(named?.length).toBeGreaterThan(5)
  expect(named?.filter((name) => !known.includes(name))).toEqual([])
})

it.each(['otlp.md', 'browser.md'])('docs/%s names only settings that are there', async (page) => {
  const known = Object.values(settings).map(({ env }) => env as string)
  const named = (await read(page)).match(/\b(?:LAUNCHTAIL_O|OTEL_)[A-Z_]*[A-Z]\b/g)
  expect(named?.length).toBeGreaterThan(0)
  expect(named?.filter((name) => !known.includes(name))).toEqual([])
})

it('docs/proxies.md names only settings that are there', async () => {
  const known = Object.values(settings).map(({ env }) => env as string)
  const named = (await read('proxies.md')).match(/\bLAUNCHTAIL_[A-Z_]*[A-Z]\b/g)
  expect(named?.length).toBeGreaterThan(5)
  expect(named?.filter((name) => !known.includes(name))).toEqual([])
})

it('docs/proxies.md shows in its table what the examples have', async () => {
  const rows = (await read('proxies.md')).split('\n').filter((line) => line.startsWith('| '))
  expect(rows.length).toBeGreaterThan(5)
  for (const [column, file] of ['nginx.conf', 'Caddyfile', 'envoy.yaml'].entries()) {
    const example = await readFile(new URL(`../examples/proxies/${file}`, docs), 'utf8')
    for (const row of rows) {
      const [, , ...cells] = row.split('|')
      for (const [, code = ''] of (cells[column] ?? '').matchAll(/`([^`]+)`/g)) {
        expect(example, `in ${file}`).toContain(code)
      }
    }
  }
})

it('docs/protocol.md names every phase', async () => {
  const page = await read('protocol.md')
  for (const phase of PHASES) expect(page).toContain(`\`${phase}\``)
})

it('docs/architecture.md names only files that are there', async () => {
  const page = await read('architecture.md')
  const named = [
    ...page.matchAll(/\b((?:output|ingest|logs|nodes|launch|stream|http)\/[a-z/-]+\.ts)\b/g),
  ]
  expect(named.length).toBeGreaterThan(8)
  for (const [, file] of named) {
    await expect(
      readFile(new URL(`../src/${file}`, import.meta.url)),
      `${file} is named`,
    ).resolves.toBeTruthy()
  }
})
