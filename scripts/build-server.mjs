// Builds the server into packages/server/dist: one file for what every command needs, and one for
// each part that is loaded on demand, with its dependencies inside and a source map beside it.
//
//   node scripts/build-server.mjs
//
// A bundle starts in half the time and takes 20 MiB less memory than hundreds of modules do.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import './build-parser.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'packages/server/src')
const dist = join(root, 'packages/server/dist')
/** What the last build read and wrote. */
const record = join(dist, 'build.json')

const ENTRIES = {
  launchtail: join(source, 'cli/index.ts'),
  // Processes of their own: their place in `dist` is their place in `src`.
  'find/archive/archive-worker': join(source, 'find/archive/archive-worker.ts'),
  'find/pattern-worker': join(source, 'find/pattern-worker.ts'),
  'launch/local/supervisor': join(source, 'launch/local/supervisor.ts'),
  'launch/skypilot/cli/supervisor': join(source, 'launch/skypilot/cli/supervisor.ts'),
}

/** What dependencies would load for things that the server does not do, and why it does not. */
const UNUSED = {
  '@fastify/ajv-compiler': 'no route has a schema for the framework',
  '@fastify/fast-json-stringify-compiler': 'no route has a schema for the framework',
  'light-my-request': 'requests come over the network',
  glob: 'the page has a route for each of its files',
  // `debug` takes it where it happens to be installed.
  'supports-color': 'what the driver of Redis prints for debugging has no colours',
}

const last = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : undefined
if (!isUpToDate(last)) await bundle(last)

async function bundle(last) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: dist,
    bundle: true,
    splitting: true,
    // All in one folder: `src/code-folder.ts` counts on it.
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    conditions: ['launchtail-source'],
    // It holds a binary, which it looks for beside itself.
    external: ['@photostructure/sqlite'],
    // `--enable-source-maps` reads names and lines from them; with the text they are four times as large.
    sourcemap: true,
    sourcesContent: false,
    // A process keeps the text of its programs. Names stay, for the stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    plugins: [evaluatedLate('yaml'), lighter(), ascii()],
    // CommonJS modules in a bundle of ES modules find Node's own modules by this.
    banner: {
      js: "import{createRequire as createRequireHere}from'node:module';const require=createRequireHere(import.meta.url);",
    },
    logLevel: 'warning',
  })
  const inputs = Object.keys(metafile.inputs).filter((name) => existsSync(join(root, name)))
  const outputs = Object.keys(metafile.outputs).map((name) => relative(dist, join(root, name)))
  writeFileSync(join(dist, 'licenses.txt'), licenses(inputs))
  writeFileSync(record, JSON.stringify({ at: Date.now(), inputs, outputs }))
  removeStale([...outputs, ...(last?.outputs ?? [])])
}

/** Whether nothing that the last build read has changed, nor this script or the lock file. */
function isUpToDate(last) {
  if (!last?.outputs.every((name) => existsSync(join(dist, name)))) return false
  return [...last.inputs, 'scripts/build-server.mjs', 'package-lock.json'].every((name) => {
    const file = join(root, name)
    return existsSync(file) && statSync(file).mtimeMs < last.at
  })
}

/** Keeps what the last build wrote, too: a server that runs may still load a part of it. */
function removeStale(kept) {
  for (const name of readdirSync(dist, { recursive: true })) {
    const isOurs = /\.js(\.map)?$/.test(name) && !/^(page|types)\b/.test(name)
    if (isOurs && !kept.includes(name)) rmSync(join(dist, name))
  }
}

/** Evaluates a CommonJS package when one of its functions is called first. */
function evaluatedLate(name) {
  return {
    name: 'evaluated-late',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^${name}$`) }, ({ namespace, resolveDir }) =>
        namespace === 'late'
          ? undefined
          : { path: name, namespace: 'late', pluginData: resolveDir },
      )
      onLoad({ filter: /.*/, namespace: 'late' }, async ({ pluginData }) => ({
        resolveDir: pluginData,
        contents: Object.entries(await import(name))
          .filter(([key, value]) => typeof value === 'function' && key !== 'default')
          .map(([key]) => `export const ${key} = ${late(`require('${name}').${key}`, key)}`)
          .join('\n'),
      }))
    },
  }
}

/** Something that is called, or constructed if it has a class's name, as the function will be. */
function late(wanted, key) {
  return /^[a-z]/.test(key)
    ? `(...a) => ${wanted}(...a)`
    : `new Proxy(class {}, { construct: (_, a) => new (${wanted})(...a) })`
}

/** Puts something lighter in the place of what dependencies load and the server does not need. */
function lighter() {
  return {
    name: 'lighter',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^(?:${Object.keys(UNUSED).join('|')})$`) }, ({ path }) => ({
        path,
        namespace: 'unused',
      }))
      onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
        contents: `module.exports = () => { throw new Error(${JSON.stringify(`${path}: ${UNUSED[path]}`)}) }`,
      }))
      // Zod's own words in 60 languages: all faults are told in ours.
      onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
        contents: "export { default as en } from './en.js'",
      }))
      // Node's streams as a package, for other runtimes.
      onResolve({ filter: /^readable-stream$/ }, () => ({ path: 'node:stream', external: true }))
      // Thousands of media types: the server sends only a few.
      onLoad({ filter: /[\\/]mime-db[\\/]db\.json$/ }, ({ path }) => {
        const all = Object.entries(JSON.parse(readFileSync(path, 'utf8')))
        const few = all.filter(([type]) => /^text\/|^application\/json$|^image\/svg/.test(type))
        return { loader: 'json', contents: JSON.stringify(Object.fromEntries(few)) }
      })
    },
  }
}

/**
 * Writes what is not ASCII as escapes. The compiler does so itself, except in regular expressions, and one
 * such character makes the engine keep the whole text of a file with two bytes a character.
 */
function ascii() {
  return {
    name: 'ascii',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/](?:packages[\\/]\w+[\\/]src|zod)[\\/].*\.(?:ts|js)$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        const contents = text.replace(/[^\0-\x7f]/g, (unit) => {
          return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
        })
        return contents === text
          ? undefined
          : { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' }
      })
    },
  }
}

/** The licenses of all packages that are inside, as most of them demand. */
function licenses(inputs) {
  const folders = new Set()
  for (const input of inputs) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
    if (folder) folders.add(folder)
  }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    )
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name))
    const text = file ? readFileSync(join(root, folder, file), 'utf8').trim() : ''
    return `${name} ${version} (${license})\n\n${text}`
  })
  return `The built server holds these packages:\n\n${texts.join(`\n\n${'-'.repeat(78)}\n\n`)}\n`
}
