// `npm start`: builds what is missing or older than its sources, then starts the server.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
const server = new URL('../packages/server/dist/cli/index.js', import.meta.url)

if (!existsSync(compiler)) {
  console.error('launchtail: the packages are not installed yet; run: npm ci')
  process.exit(1)
}
// The compiler knows itself what is up to date; then this takes a third of a second.
const build = spawnSync(process.execPath, [compiler, '-b', 'packages/client', 'packages/server'], {
  cwd: root,
  stdio: 'inherit',
})
if (build.status !== 0) process.exit(build.status ?? 1)
await import('./build-page.mjs')

process.argv.splice(2, 0, 'serve')
await import(server.href)
