import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { must, outcomeOf, outputOf, ROOT, type Step } from './step.js'
import { CACHE, debianTool } from './tools.js'

/** This machine's Node on Debian: no registry of images is asked. */
const BASE = `localhost/node:${process.versions.node}`
const TAG = 'localhost/launchtail:test'

export const IMAGE: readonly Step[] = [
  { name: 'image: buildah builds it', run: build },
  {
    name: 'image: it runs as its user on a read-only root, and launches the example node to the end',
    run: start,
  },
]

/** Its storage is in the cache and not the machine's. It needs no daemon and no namespaces of users. */
async function buildah(args: readonly string[]): Promise<string> {
  const program = await debianTool('buildah')
  const storage = ['--root', join(CACHE, 'images'), '--runroot', join(CACHE, 'images-run')]
  const env = { BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' }
  return (await outputOf(program, [...storage, ...args], { env })).trim()
}

async function build(): Promise<void> {
  await makeBase()
  await buildah([
    ...['bud', '--format', 'docker', '--pull-never', '--build-arg', `BASE=${BASE}`],
    ...['--tag', TAG, '--file', join(ROOT, 'Dockerfile'), ROOT],
  ])
}

async function makeBase(): Promise<void> {
  const known = await buildah(['images', '--format', '{{.Name}}:{{.Tag}}'])
  if (known.split('\n').includes(BASE)) return
  const debootstrap = await debianTool('debootstrap')
  const root = join(CACHE, 'base')
  await rm(root, { recursive: true, force: true })
  await outputOf(debootstrap, ['--variant=minbase', 'bookworm', root, await mirror()])
  const npm = dirname(
    dirname(dirname(await outputOf('sh', ['-c', 'readlink -f "$(command -v npm)"']))),
  )
  await cp(process.execPath, join(root, 'usr/local/bin/node'))
  await mkdir(join(root, 'usr/local/lib/node_modules'), { recursive: true })
  await cp(join(npm, 'npm'), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true })
  await outputOf('ln', [
    ...['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')],
  ])
  const environment = await npmAsHere(root)
  const container = await buildah(['from', 'scratch'])
  await buildah(['add', '--quiet', container, root, '/'])
  await buildah(['config', ...environment, container])
  await buildah(['commit', '--quiet', '--rm', container, BASE])
  await rm(root, { recursive: true, force: true })
}

/** Where this machine's own packages come from. */
async function mirror(): Promise<string> {
  const uris = await outputOf('apt-get', [
    ...['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Codename: bookworm'],
  ]).catch(() => '')
  const [first] = uris.trim().split('\n')
  if (first) return first
  throw new Error(
    'debootstrap needs a mirror of Debian 12, and apt knows none: run it on Debian 12',
  )
}

/** npm in the base asks the registry that npm asks here. */
async function npmAsHere(root: string): Promise<string[]> {
  const registry = (await outputOf('npm', ['config', 'get', 'registry'])).trim()
  await mkdir(join(root, 'usr/local/etc'), { recursive: true })
  await writeFile(join(root, 'usr/local/etc/npmrc'), `registry=${registry}\n`)
  const authorities = process.env.NODE_EXTRA_CA_CERTS
  if (!authorities)
    return ['--env', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
  await cp(authorities, join(root, 'usr/local/etc/authorities.pem'), { dereference: true })
  return [
    ...['--env', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ...['--env', 'NODE_EXTRA_CA_CERTS=/usr/local/etc/authorities.pem'],
  ]
}

interface ImageConfig {
  User: string
  Env: string[]
  Entrypoint: string[]
  Cmd: string[]
  Volumes: Record<string, object>
  Healthcheck: { Test: string[] }
}

async function start(): Promise<void> {
  const inspected = await buildah(['inspect', '--type', 'image', TAG])
  const { config } = (JSON.parse(inspected) as { Docker: { config: ImageConfig } }).Docker
  const { User, Env, Entrypoint, Cmd, Volumes, Healthcheck } = config
  must(/^[1-9]\d*:[1-9]\d*$/.test(User), `the image's user must be a number other than 0: ${User}`)
  must('/data' in Volumes, 'the data folder must be a volume')
  const container = await buildah(['from', '--pull-never', TAG])
  const folder = await mkdtemp(join(tmpdir(), 'launchtail-image-'))
  try {
    const root = await buildah(['mount', container])
    const files = {
      environment: Env,
      command: [...Entrypoint, ...Cmd],
      healthcheck: Healthcheck.Test.slice(1),
    }
    for (const [name, words] of Object.entries(files)) {
      await writeFile(join(folder, name), words.map((word) => `${word}\0`).join(''))
    }
    await mkdir(join(folder, 'data'))
    const script = join(ROOT, 'test/deploy/in-image.sh')
    const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child']
    const args = [...namespaces, 'bash', script, root, folder, User]
    const { code, stdout, stderr } = await outcomeOf('unshare', args, { within: 180_000 })
    const said = await readFile(join(folder, 'said'), 'utf8').catch(() => '')
    must(code === 0, `${stdout}${stderr}\nthe server said:\n${said}`)
  } finally {
    await buildah(['rm', container])
    await rm(folder, { recursive: true, force: true })
  }
}
