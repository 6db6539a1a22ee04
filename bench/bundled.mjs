// The modules of a checkout's server in one file, for parts that measure functions and no process.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Each of `modules` has the names that its file has or had, in `packages/server/src`. Gives the file's path. */
export async function bundled(checkout, name, modules) {
  const source = join(checkout, 'packages/server/src')
  const exports = modules.map((names) => {
    const found = names.find((one) => existsSync(join(source, one)))
    if (!found) throw new Error(`there is no ${names[0]} in ${source}`)
    return `export * from './${found}'`
  })
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 8)
  const outfile = fileURLToPath(new URL(`./.cache/${name}-${hash}.mjs`, import.meta.url))
  await build({
    stdin: { contents: exports.join('\n'), resolveDir: source, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['launchtail-source', 'source'],
    banner: {
      js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
  return outfile
}
