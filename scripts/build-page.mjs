// Builds the dashboard, where it is missing or older than its sources:
//
//   node scripts/build-page.mjs
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './build-parser.mjs'

const dashboard = fileURLToPath(new URL('../packages/dashboard', import.meta.url))
const client = fileURLToPath(new URL('../packages/client/src', import.meta.url))

if (!isUpToDate(join(dashboard, 'dist/index.html'))) {
  const { build } = await import('vite')
  await build({ root: dashboard, logLevel: 'warn' })
}

function isUpToDate(built) {
  if (!existsSync(built)) return false
  const { mtimeMs } = statSync(built)
  const parts = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json']
  const sources = [client, ...parts.map((name) => join(dashboard, name))]
  return sources.every((source) => newest(source) < mtimeMs)
}

/** When a file, or a folder's youngest one, was last written, in ms since 1970. */
function newest(path) {
  const found = statSync(path)
  if (!found.isDirectory()) return found.mtimeMs
  const within = readdirSync(path, { recursive: true }).map((name) => statSync(join(path, name)))
  return Math.max(found.mtimeMs, ...within.map(({ mtimeMs }) => mtimeMs))
}
