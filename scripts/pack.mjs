// What the published server has beside its own code: the built page, and the example node's task.
// Run by `npm pack` and `npm publish` in packages/server, before (--add) and after (--remove): left
// there, they would be served in place of newer ones.
import { cpSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const copies = [
  ['packages/dashboard/dist/', 'packages/server/dist/page/'],
  ['examples/local-node.yaml', 'packages/server/dist/demo/local-node.yaml'],
].map((paths) => paths.map((path) => fileURLToPath(new URL(path, root))))

const missing = copies.map(([from]) => from).find((from) => !existsSync(from))
if (missing) {
  console.error(`${missing} is not there; run: npm run build`)
  process.exit(1)
}
for (const [from, to] of copies) {
  rmSync(to, { recursive: true, force: true })
  if (process.argv.includes('--add')) cpSync(from, to, { recursive: true })
}
