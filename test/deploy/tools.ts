import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { outcomeOf, outputOf, ROOT } from './step.js'

/** What is fetched and built once is kept here. */
export const CACHE =
  process.env.LAUNCHTAIL_DEPLOY_CACHE ?? join(homedir(), '.cache/launchtail-deploy')

const TOOLS = join(ROOT, 'test/deploy/tools')

/** The program of each module in `tools`, whose `go.sum` has the checksums. */
const PROGRAMS = {
  helm: 'helm.sh/helm/v3/cmd/helm',
  'kubectl-validate': 'sigs.k8s.io/kubectl-validate',
  crds: 'sigs.k8s.io/controller-tools/cmd/controller-gen',
  compose: '.',
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint',
}

/** The path of a program that is built from its Go modules, anew where the versions have changed. */
export async function goTool(name: keyof typeof PROGRAMS): Promise<string> {
  const source = join(TOOLS, name)
  const program = join(CACHE, name)
  const sums = await readFile(join(source, 'go.sum'), 'utf8')
  const built = await readFile(`${program}.sum`, 'utf8').catch(() => undefined)
  if (built === sums && existsSync(program)) return program
  if (!(await answers('go', ['version']))) {
    throw new Error(
      `${name} is built with Go, which is not installed: install Go 1.24 or newer (go.dev/doc/install)`,
    )
  }
  await mkdir(CACHE, { recursive: true })
  const flags = ['-trimpath', '-mod=readonly', '-ldflags=-s -w', '-o', program]
  try {
    await outputOf('go', ['build', ...flags, PROGRAMS[name]], { cwd: source })
  } catch (error) {
    throw new Error(`${name} could not be built: ${(error as Error).message}`)
  }
  await writeFile(`${program}.sum`, sums)
  return program
}

/**
 * The folder with the definitions of the Prometheus operator's objects, made of its own types. They are no part of
 * Kubernetes.
 */
export function operatorDefinitions(): Promise<string> {
  definitions ??= generateDefinitions()
  return definitions
}

let definitions: Promise<string> | undefined

async function generateDefinitions(): Promise<string> {
  const folder = join(CACHE, 'definitions')
  const generate = await goTool('crds')
  await rm(folder, { recursive: true, force: true })
  const types = 'github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1'
  // It looks for the types in the module where it runs, and wants to write there.
  const source = join(CACHE, 'crds-module')
  await cp(join(TOOLS, 'crds'), source, { recursive: true })
  await outputOf(generate, ['crd:crdVersions=v1', `paths=${types}`, `output:crd:dir=${folder}`], {
    cwd: source,
    env: { GOFLAGS: '-mod=mod' },
  })
  return folder
}

/** Installs a package of Debian, whose own signatures are checked, where its program is not there. */
export async function debianTool(program: string, packageName = program): Promise<string> {
  if (await answers('sh', ['-c', `command -v ${program}`])) return program
  const install = ['install', '-y', '-qq', '--no-install-recommends', packageName]
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const isDone = async () => (await outcomeOf('apt-get', install, { env })).code === 0
  if (await isDone().catch(() => false)) return program
  const updated = await outcomeOf('apt-get', ['update', '-qq']).catch(() => undefined)
  if (updated?.code === 0 && (await isDone())) return program
  throw new Error(
    `${program} is not there and could not be installed: run as root on Debian or Ubuntu, or install ${packageName} yourself`,
  )
}

async function answers(command: string, args: readonly string[]): Promise<boolean> {
  return (await outcomeOf(command, args).catch(() => ({ code: 1 }))).code === 0
}
