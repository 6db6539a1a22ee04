import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Before any test: the servers that tests start are the built ones, so they are built anew. */
export default function build(): void {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  const compiler = fileURLToPath(
    new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url),
  )
  execFileSync(process.execPath, [compiler, '-b', 'packages/client', 'packages/server'], {
    cwd: root,
    stdio: 'inherit',
  })
  const page = join(root, 'scripts/build-page.mjs')
  execFileSync(process.execPath, [page], { cwd: root, stdio: 'inherit' })
}
