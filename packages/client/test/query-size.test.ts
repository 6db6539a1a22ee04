import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

/** Bytes, compressed. RE2, which is a package of its own, comes on top. */
const MOST = 12 * 1024

it('the query language is at most 12 KB, compressed', async () => {
  const { text } = await bundled('query/index.ts')
  const size = gzipSync(text, { level: 9 }).length
  console.log(`${size} bytes`)
  expect(size).toBeGreaterThan(4000)
  expect(size).toBeLessThanOrEqual(MOST)
})

it('the client’s main entry has nothing of it', async () => {
  const { inputs } = await bundled('index.ts')
  expect(inputs.length).toBeGreaterThan(5)
  expect(inputs.filter((name) => name.includes('/query/'))).toEqual([])
})

async function bundled(entry: string): Promise<{ text: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}`, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2023',
    external: ['re2js'],
    conditions: ['launchtail-source'],
  })
  return { text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) }
}
