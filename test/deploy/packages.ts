import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, outcomeOf, outputOf, ROOT, type Step } from './step.js'
import { debianTool, goTool } from './tools.js'

/** What no package may have: tests, what only the build needs, and files of a machine. */
const UNWANTED =
  /(^|\/)(test|tests|node_modules|\.env.*|\.DS_Store)(\/|$)|\.(test\.\w+|tsbuildinfo)$/
const NEEDED = ['package.json', 'README.md', 'LICENSE']

interface Packed {
  readonly filename: string
  readonly files: { path: string }[]
}

/** A checkout of the files as they are now, built from nothing. */
let built: Promise<string> | undefined
const packed = new Map<string, Promise<string>>()

export const PACKAGES: readonly Step[] = [
  ...['client', 'server'].map((name) => ({
    name: `packages: npm would publish the ${name} as it is, and nothing else`,
    async run() {
      const folder = join(await clean(), 'packages', name)
      const { code, stdout, stderr } = await outcomeOf('npm', ['publish', '--dry-run', '--json'], {
        cwd: folder,
      })
      must(code === 0, stderr)
      const warnings = stderr.split('\n').filter((line) => /npm (warn|error)/i.test(line))
      const unexpected = warnings.filter((line) => !line.includes('requires you to be logged in'))
      must(unexpected.length === 0, unexpected.join('\n'))
      const paths = filesOf(stdout).map(({ path }) => path)
      const missing = NEEDED.filter((path) => !paths.includes(path))
      must(missing.length === 0, `it lacks ${missing.join(', ')}`)
      const unwanted = paths.filter((path) => UNWANTED.test(path))
      must(unwanted.length === 0, `it has ${unwanted.join(', ')}`)
    },
  })),
  {
    name: 'packages: nothing of this machine is in them',
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'launchtail-unpacked-'))
      try {
        for (const name of ['client', 'server']) {
          await mkdir(join(folder, name))
          await outputOf('tar', ['-xzf', await pack(name), '-C', join(folder, name)])
        }
        const traces = [await clean(), ROOT.replace(/\/$/, ''), hostname()]
        const named = traces.filter((trace) => trace.length > 4)
        must(named.length > 1, 'there is nothing to look for')
        const patterns = named.flatMap((trace) => ['-e', trace])
        const { stdout } = await outcomeOf('grep', ['-rlF', ...patterns, folder])
        must(stdout === '', `these name this machine: ${stdout}`)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  },
  {
    name: 'packages: npx launchtail runs from the packed file, and the client is one that a program imports',
    run: install,
  },
  { name: 'packages: the Python client is a wheel, and works where that is installed', run: wheel },
  { name: 'packages: the SBOM names everything that is in them', run: sbom },
  {
    name: 'packages: the workflow that publishes them has no fault, and names each action by its commit',
    async run() {
      const file = join(ROOT, '.github/workflows/release.yml')
      await outputOf(await goTool('actionlint'), [file])
      const used = (await readFile(file, 'utf8')).match(/uses: .*/g) ?? []
      const loose = used.filter((line) => !/@[0-9a-f]{40} # v\d/.test(line))
      must(used.length > 5 && loose.length === 0, `not by their commits: ${loose.join(', ')}`)
    },
  },
]

function clean(): Promise<string> {
  built ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'launchtail-packages-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const list = 'git ls-files -z --cached --others --exclude-standard'
    await outputOf('sh', ['-c', `${list} | xargs -0 tar -cf - | tar -xf - -C '${folder}'`])
    await outputOf('npm', ['ci', '--ignore-scripts', '--prefer-offline'], { cwd: folder })
    await outputOf('npm', ['run', 'build'], { cwd: folder })
    return folder
  })()
  return built
}

/** The packed file. */
function pack(name: string): Promise<string> {
  const known = packed.get(name)
  if (known) return known
  const path = (async () => {
    const root = await clean()
    const args = ['pack', '--json', '--pack-destination', root]
    const [{ filename }] = JSON.parse(
      await outputOf('npm', args, { cwd: join(root, 'packages', name) }),
    ) as [Packed]
    return join(root, filename)
  })()
  packed.set(name, path)
  return path
}

/** npm has written the report as a list, as one object, and as an object by package. */
function filesOf(report: string): Packed['files'] {
  const parsed = JSON.parse(report) as Packed | Packed[] | Record<string, Packed>
  if ('files' in parsed) return (parsed as Packed).files
  return (Object.values(parsed)[0] as Packed).files
}

async function install(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'launchtail-installed-'))
  try {
    await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}')
    const files = [await pack('server'), await pack('client')]
    await outputOf('npm', ['install', '--no-audit', '--no-fund', ...files], { cwd: folder })
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const said = await outputOf('npx', ['--no', '--', 'launchtail', '--version'], { cwd: folder })
    must(said.trim() === version, `npx launchtail --version says ${said}`)
    await writeFile(join(folder, 'follow.mjs'), FOLLOW)
    await outputOf('sh', ['-c', SERVE], { cwd: folder, within: 60_000 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Starts the installed server, launches the example node to the end, and asks for it by the installed client. */
const SERVE = `
set -e
npx --no -- launchtail serve --port 0 --data-dir data > said 2>&1 &
server=$!
trap 'kill $server; wait $server || true' EXIT
for i in $(seq 100); do [ -s data/url ] && break; kill -0 $server; sleep 0.1; done
npx --no -- launchtail launch --file node_modules/launchtail/dist/local-node.yaml --node-id packed --wait
node follow.mjs
npx --no -- launchtail terminate packed
`

const FOLLOW = `
import { readFileSync } from 'node:fs'
import { createClient } from '@launchtail/client'
const [baseUrl, token] = ['data/url', 'data/admin-token'].map((file) => readFileSync(file, 'utf8').trim())
const { phase } = await createClient({ baseUrl, token }).getNode('packed')
if (phase !== 'active') throw new Error(phase)
`

async function wheel(): Promise<void> {
  const python = process.env.PYTHON ?? (await debianTool('python3'))
  const folder = await mkdtemp(join(tmpdir(), 'launchtail-wheel-'))
  try {
    const source = join(await clean(), 'clients/python')
    await outputOf(python, ['-m', 'venv', join(folder, 'venv')])
    const own = join(folder, 'venv/bin/python')
    const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check']
    const wheels = join(folder, 'wheels')
    await outputOf(own, [...pip, 'wheel', '--no-deps', '--wheel-dir', wheels, source])
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const made = await readdir(wheels)
    must(made.join() === `launchtail-${version}-py3-none-any.whl`, `it made ${made.join(', ')}`)
    await outputOf(own, [...pip, 'install', '--no-index', join(wheels, made[0] as string)])
    const listed = await outputOf(own, ['-m', 'pip', 'show', '--files', 'launchtail'])
    must(/LICENSE/.test(listed) && !/test_|logs\.ndjson/.test(listed), listed)
    // Elsewhere, so that it is not the file of the checkout that is imported.
    const program = `import launchtail; print(launchtail.__version__, launchtail.Client("http://127.0.0.1:1", "t") is not None)`
    const said = await outputOf(own, ['-c', program], { cwd: folder })
    must(said.trim() === `${version} True`, `the installed client says ${said}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Sbom {
  readonly components: { name: string; version: string; purl: string }[]
}

async function sbom(): Promise<void> {
  const root = await clean()
  const text = await outputOf('npm', ['run', '--silent', 'sbom'], { cwd: root })
  const named = new Set(
    (JSON.parse(text) as Sbom).components.map(({ name, version }) => `${name} ${version}`),
  )
  const licenses = await readFile(join(root, 'packages/server/dist/licenses.txt'), 'utf8')
  const inside = [...licenses.matchAll(/^(\S+ \d+\.\d+\.\d+\S*) \(.*\)$/gm)].map(([, one]) => one)
  must(inside.length > 50, `only ${inside.length} packages are said to be in the server`)
  const { dependencies } = JSON.parse(
    await readFile(join(root, 'packages/dashboard/package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> }
  const names = new Set([...named].map((one) => one.replace(/ [^ ]+$/, '')))
  const missing = [
    ...inside.filter((one) => !named.has(one as string)),
    ...Object.keys(dependencies).filter((name) => !names.has(name)),
  ]
  must(missing.length === 0, `it lacks ${missing.join(', ')}`)
  const { hostname: registry } = new URL(await outputOf('npm', ['config', 'get', 'registry']))
  must(!text.includes(registry), 'it names the registry of this machine')
}
