import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Before any test: the servers that tests start are the built ones, so they are built anew. */
export default function build(): void {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  const steps = [
    ['node_modules/typescript/bin/tsc', '-b', 'packages/client'],
    ['scripts/build-server.mjs'],
    ['scripts/build-page.mjs'],
  ]
  for (const step of steps) execFileSync(process.execPath, step, { cwd: root, stdio: 'inherit' })
}
