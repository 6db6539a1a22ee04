// Run by `npm pack` and `npm publish` in a package, before (--add) and after (--remove): checks that the
// package is built, and adds what it has beside its own files. Left there, the copies would be served in
// place of newer ones.
import { cpSync, existsSync, rmSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const PACKAGES = {
  client: {
    built: ['dist/index.js', 'dist/protocol/index.js', 'dist/query/grammar.js'],
    copies: [['LICENSE', 'LICENSE']],
  },
  server: {
    built: ['dist/launchtail.js'],
    copies: [
      ['LICENSE', 'LICENSE'],
      ['packages/dashboard/dist/', 'dist/page/'],
      ['examples/local-node.yaml', 'dist/local-node.yaml'],
    ],
  },
}

// npm runs it in the folder of the package.
const folder = process.cwd()
const { built, copies } = PACKAGES[basename(folder)]
const needed = [
  ...built.map((path) => resolve(folder, path)),
  ...copies.map(([from]) => resolve(root, from)),
]
const missing = needed.find((path) => !existsSync(path))
if (missing) {
  console.error(`${missing} is not there; run: npm run build`)
  process.exit(1)
}
for (const [from, to] of copies) {
  rmSync(resolve(folder, to), { recursive: true, force: true })
  if (process.argv.includes('--add')) {
    cpSync(resolve(root, from), resolve(folder, to), { recursive: true })
  }
}
