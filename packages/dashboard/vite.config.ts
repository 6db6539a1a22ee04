import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Under whatever path a proxy gives the page, its parts are beside it.
  base: './',
  resolve: { conditions: ['launchtail-source', 'browser', 'module', 'import', 'default'] },
  build: {
    // The first of each that know `light-dark()` and `AbortSignal.any()`.
    target: ['chrome123', 'firefox124', 'safari17.5'],
    // A part that is written into the page would be refused by its Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [packed()],
  worker: { format: 'es' },
  // The API of a server that runs beside `vite dev`.
  server: { proxy: { '/admin': process.env.LAUNCHTAIL_URL ?? 'http://127.0.0.1:8080' } },
})

/** Beside each file the same file compressed, so that the server need not do it at each request. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const file of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        if (!file.isFile() || /\.(br|gz)$/.test(file.name)) continue
        const path = join(file.parentPath, file.name)
        const content = readFileSync(path)
        if (content.length < 1024) continue
        writeFileSync(`${path}.br`, brotliCompressSync(content))
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
      }
    },
  }
}
