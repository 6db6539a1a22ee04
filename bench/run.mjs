// `npm run bench`: prints the measurements as Markdown. `npm run bench -- ingest` one part.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const parts = { ingest: './ingest.mjs', latency: './latency.mjs', history: './history.mjs' }
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  console.error(`bench: no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`)
  process.exit(1)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
if (built.status !== 0) process.exit(1)

console.log(`Node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`)
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  const { measure } = await import(parts[name])
  console.log(`## ${name}\n\n${await measure()}\n`)
}
