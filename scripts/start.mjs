// `npm start`: builds what is missing or older than its sources, then starts the server.
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../node_modules/esbuild', import.meta.url))) {
  console.error('launchtail: the packages are not installed yet; run: npm ci')
  process.exit(1)
}
await import('./build-server.mjs')
await import('./build-page.mjs')

process.argv.splice(2, 0, 'serve')
await import('../packages/server/bin/launchtail.js')
