// `npm run release -- VERSION`: gives all packages this version, turns what the changelog has as unreleased into it,
// commits and tags. Nothing is pushed: pushing the tag is what publishes (.github/workflows/release.yml).
//
//   npm run release -- 0.2.0              or: major, minor, patch
//   npm run release -- minor --dry-run    says what would change, and changes nothing
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path) => readFileSync(join(root, path), 'utf8')
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()

const WORKSPACES = ['packages/client', 'packages/server', 'packages/dashboard']
const MANIFESTS = ['package.json', ...WORKSPACES.map((path) => `${path}/package.json`)]

/** Where else the version stands, with what stands before it. */
const PLACES = {
  'clients/python/launchtail.py': /(?<=^__version__ = ")[\w.-]+(?=")/gm,
  'deploy/helm/Chart.yaml': /(?<=^(?:version|appVersion): )[\w.-]+$/gm,
  'docs/ci.md': /(?<=\blaunchtail@)[\w.-]+/g,
  'docs/launchtail.1': /(?<=^\.TH LAUNCHTAIL 1 "" "Launchtail )[\w.-]+(?=")/gm,
  'docs/openapi.json': /(?<=^ {4}"version": ")[\w.-]+(?=")/gm,
  'integrations/github-action/action.yml': /(?<=\blaunchtail@)[\w.-]+/g,
}

const [wanted = '', ...flags] = process.argv
  .slice(2)
  .sort((a, b) => Number(a[0] === '-') - Number(b[0] === '-'))
const isDry = flags.includes('--dry-run')
const current = JSON.parse(read('package.json')).version
try {
  release(versionOf(wanted))
} catch (error) {
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}

function release(version) {
  const tag = `v${version}`
  const changed = git('status', '--porcelain')
  if (changed !== '' && !isDry) throw new Error(`commit first:\n${changed}`)
  if (git('tag', '--list', tag) !== '') throw new Error(`there is a tag ${tag} already`)
  const files = new Map([
    ...MANIFESTS.map((path) => [path, manifest(path, version)]),
    ['package-lock.json', lock(version)],
    ['CHANGELOG.md', changelog(version)],
    ...Object.entries(PLACES).map(([path, place]) => [path, replaced(path, place, version)]),
  ])
  for (const path of files.keys()) console.log(`${isDry ? 'would change' : 'changed'} ${path}`)
  if (isDry) {
    console.log(`would commit and tag ${tag}`)
    return
  }
  for (const [path, text] of files) writeFileSync(join(root, path), text)
  git('add', ...files.keys())
  git('commit', '--quiet', '--message', `Release ${version}`)
  git('tag', '--annotate', tag, '--message', `Launchtail ${version}`)
  console.log(`committed and tagged ${tag}; to publish it: git push origin HEAD ${tag}`)
}

function versionOf(text) {
  const numbers = current.split('.').map(Number)
  const place = ['major', 'minor', 'patch'].indexOf(text)
  if (place >= 0) {
    return numbers.map((n, i) => (i < place ? n : i === place ? n + 1 : 0)).join('.')
  }
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(text)) {
    throw new Error('name a version such as 0.2.0, or major, minor or patch')
  }
  const given = text.split('.').map(Number)
  const first = given.findIndex((n, i) => n !== numbers[i])
  if (first < 0 || given[first] < numbers[first]) {
    throw new Error(`${text} does not come after ${current}`)
  }
  return text
}

function manifest(path, version) {
  return json({ ...withDependency(JSON.parse(read(path)), version), version })
}

function lock(version) {
  const data = JSON.parse(read('package-lock.json'))
  for (const path of ['', ...WORKSPACES]) {
    data.packages[path] = { ...withDependency(data.packages[path], version), version }
  }
  return json({ ...data, version })
}

/** Packages of one release depend on each other in its version. The order of the fields stays. */
function withDependency(data, version) {
  for (const kind of ['dependencies', 'devDependencies']) {
    if (data[kind]?.['@launchtail/client']) data[kind]['@launchtail/client'] = `^${version}`
  }
  return data
}

function changelog(version) {
  const text = read('CHANGELOG.md')
  const [, unreleased] = /^## Unreleased\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text) ?? []
  if (!unreleased?.trim()) throw new Error('CHANGELOG.md has nothing under "## Unreleased"')
  const today = new Date().toISOString().slice(0, 10)
  return text.replace('## Unreleased\n', `## Unreleased\n\n## ${version} (${today})\n`)
}

function replaced(path, place, version) {
  const text = read(path)
  if (!text.match(place)) throw new Error(`${path} no longer names the version: see PLACES`)
  return text.replace(place, version)
}

function json(data) {
  return `${JSON.stringify(data, null, 2)}\n`
}
