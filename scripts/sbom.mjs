// `npm run sbom`: what is inside of the published packages, as CycloneDX. The server and the page are bundles, so what
// they were built of counts, and not only what npm installs with them.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const workspaces = ['launchtail', '@launchtail/client', '@launchtail/dashboard']
const asked = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']
const args = [...asked, ...workspaces.flatMap((name) => ['--workspace', name])]
const sbom = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }))

// npm takes the name of a folder for that of its package, and a mirror's address for a package's own.
sbom.metadata.component = { ...named(sbom.metadata.component), name: 'launchtail', version }
sbom.components = sbom.components.map((one) => ({
  ...named(one),
  externalReferences: one.externalReferences?.filter(({ type }) => type !== 'distribution'),
}))
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`)

function named(component) {
  const [, name = component.name] = /^pkg:npm\/(.+)@[^@]+$/.exec(component.purl) ?? []
  return { ...component, name: decodeURIComponent(name) }
}
