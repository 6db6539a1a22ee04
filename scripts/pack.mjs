// What the published server has beside its own code: the built page, and the example node's task.
// Run by `npm pack` and `npm publish` in packages/server, before (--add) and after (--remove): left
// there, they would be served in place of newer ones.
import { cpSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const copies = [
  [pathOf('packages/dashboard/dist/'), pathOf('packages/server/dist/page/')],
  [pathOf('examples/local-node.yaml'), pathOf('packages/server/dist/local-node.yaml')],
]

const needed = [pathOf('packages/server/dist/launchtail.js'), ...copies.map(([from]) => from)]
const missing = needed.find((path) => !existsSync(path))
if (missing) {
  console.error(`${missing} is not there; run: npm run build`)
  process.exit(1)
}
for (const [from, to] of copies) {
  rmSync(to, { recursive: true, force: true })
  if (process.argv.includes('--add')) cpSync(from, to, { recursive: true })
}
