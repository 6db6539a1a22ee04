// The modules of a checkout's server in one file, for parts that measure functions and no process.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { start } from './children.mjs'
import { on, SERVER } from './machine.mjs'

/** No round takes so long, in milliseconds. */
const LIMIT = 60_000

/** Runs a program on the modules of a checkout, on the server's core. Gives the JSON that it prints. */
export async function measured({ checkout, name, modules, program, seconds }) {
  const module = await bundled(checkout, name, modules)
  let told
  const child = start(on(SERVER, [process.execPath, program, module, String(seconds)]), {
    limit: LIMIT,
    line(text) {
      told = JSON.parse(text)
    },
  })
  const code = await child.left
  if (code !== 0 || !told) throw new Error(`${name} failed`)
  return told
}

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
