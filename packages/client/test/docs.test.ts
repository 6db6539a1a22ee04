import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
} from '../../server/test/support/processes.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packageFolder = `${root}packages/client`
const run = promisify(execFile)
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const pages = ['docs/clients.md', 'clients/python/README.md']
const texts = await Promise.all(pages.map((page) => readFile(root + page, 'utf8')))
const examples = texts.flatMap((text, n) => [
  ...examplesIn(text, 'ts').map((code) => ({ page: pages[n], run: runTypeScript, code })),
  ...examplesIn(text, 'python').map((code) => ({ page: pages[n], run: runPython, code })),
])

it('the pages have examples', () => {
  expect(examples).toHaveLength(19)
})

for (const [n, { page, run, code }] of examples.entries()) {
  it(`runs example ${n + 1}, of ${page}`, async () => {
    const node = await finishedNode()
    const output = await run(code.replaceAll('my-node', node))
    expect(output).not.toMatch(/Refused|silent|Again in|broke/)
    // What makes a client says nothing by itself.
    if (/print|console/.test(code)) expect(output.trim()).not.toBe('')
    if (/It is [${]/.test(code)) expect(output).toContain('It is active.')
  })
}

it('the TypeScript examples fit the types', async () => {
  const folder = await temporaryFolder()
  await symlink(`${root}node_modules`, `${folder}/node_modules`)
  const codes = examplesIn(texts[0] ?? '', 'ts')
  const files = codes.map((code, n) => ({ name: `${folder}/example-${n}.mts`, code }))
  for (const { name, code } of files) await writeFile(name, code)
  const options = ['--noEmit', '--strict', '--ignoreConfig', '--types', 'node']
  options.push('--module', 'nodenext', '--target', 'es2023', ...files.map(({ name }) => name))
  const compiler = `${root}node_modules/typescript/bin/tsc`
  expect(files.length).toBeGreaterThan(5)
  const compiling = run(process.execPath, [compiler, ...options], { cwd: folder })
  expect((await compiling.catch((error) => error)).stdout).toBe('')
})

/** The blocks of a language; what makes the client stands before those that need one. */
function examplesIn(text: string, language: string): string[] {
  const found = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))]
  const [setUp = '', ...rest] = found.map(([, code = '']) => code)
  return setUp === '' ? [] : [setUp, ...rest.map((code) => setUp + code)]
}

async function finishedNode(): Promise<string> {
  const answer = await server.post('/admin/nodes', {})
  const { node_id } = (await answer.json()) as { node_id: string }
  await server.post(`/admin/nodes/${node_id}/logs`, [
    { message: 'Installing vLLM', phase: 'installing', progress: 45, level: 'warn' },
    { message: 'up', phase: 'active', progress: 100 },
  ])
  return node_id
}

const environment = () => ({
  ...process.env,
  LAUNCHTAIL_URL: server.url,
  LAUNCHTAIL_ADMIN_TOKEN: server.token,
})

async function runTypeScript(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: packageFolder },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    conditions: ['launchtail-source'],
  })
  const file = `${await temporaryFolder()}/example.mjs`
  await writeFile(file, outputFiles[0]?.contents ?? '')
  const { stdout, stderr } = await run(process.execPath, [file], { env: environment() })
  return stdout + stderr
}

async function runPython(code: string): Promise<string> {
  const python = process.env.PYTHON ?? 'python3'
  const { stdout, stderr } = await run(python, ['-B', '-W', 'error', '-c', code], {
    cwd: `${root}clients/python`,
    env: environment(),
  })
  return stdout + stderr
}
