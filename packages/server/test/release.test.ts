import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from './support/processes.js'

const here = fileURLToPath(new URL('../../..', import.meta.url))

/** A repository of its own with the files of this one, as they are now. */
async function copy() {
  const folder = await temporaryFolder()
  const list = 'git ls-files -z --cached --others --exclude-standard'
  execFileSync('sh', ['-c', `${list} | xargs -0 tar -cf - | tar -xf - -C '${folder}'`], {
    cwd: here,
  })
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  git('init', '--quiet')
  for (const [name, value] of [
    ['user.name', 'Somebody'],
    ['user.email', 'somebody@example.org'],
    ['commit.gpgsign', 'false'],
  ] as const) {
    git('config', name, value)
  }
  git('add', '--all')
  git('commit', '--quiet', '--message', 'Everything')
  const release = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('node', ['scripts/release.mjs', ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
    return { status, said: stdout + stderr }
  }
  const read = (path: string) => readFileSync(join(folder, path), 'utf8')
  return { folder, git, release, read }
}

const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const [major, minor] = version.split('.').map(Number)
const NEXT = `${major}.${minor + 1}.0`

it('a release gives everything its version, and the changelog, a commit and a tag', async () => {
  const { git, release, read } = await copy()
  expect(release('minor')).toMatchObject({ status: 0, said: expect.stringContaining(`v${NEXT}`) })
  expect(git('status', '--porcelain')).toBe('')
  expect(git('log', '--format=%s')).toBe(`Release ${NEXT}\nEverything\n`)
  expect(git('describe', '--tags')).toBe(`v${NEXT}\n`)
  // Nothing else of these files has changed.
  const changed = git('diff', '--unified=0', 'HEAD~1', '--', '.', ':!CHANGELOG.md')
    .split('\n')
    .filter((line) => /^[-+](?![-+])/.test(line))
  expect(changed.length).toBeGreaterThan(20)
  expect(changed.filter((line) => !line.includes(NEXT) && !line.includes(version))).toEqual([])
  // Wherever the old version stood as ours, the new one does.
  const left = git('grep', '-lF', `launchtail@${NEXT}`).trim().split('\n')
  expect(left).toEqual(
    expect.arrayContaining(['docs/ci.md', 'integrations/github-action/action.yml']),
  )
  for (const path of ['packages/client', 'packages/server', 'packages/dashboard']) {
    const manifest = JSON.parse(read(`${path}/package.json`))
    expect(manifest.version).toBe(NEXT)
    expect(JSON.parse(read('package-lock.json')).packages[path].version).toBe(NEXT)
  }
  expect(read('clients/python/launchtail.py')).toContain(`__version__ = "${NEXT}"`)
  expect(read('deploy/helm/Chart.yaml')).toContain(`version: ${NEXT}\nappVersion: ${NEXT}`)
  expect(read('CHANGELOG.md')).toMatch(
    new RegExp(`^# Changelog\n\n## Unreleased\n\n## ${NEXT} \\(\\d{4}-\\d\\d-\\d\\d\\)\n\n- `),
  )
  // Nothing has happened since.
  expect(release('minor')).toMatchObject({
    status: 1,
    said: expect.stringContaining('has nothing under "## Unreleased"'),
  })
}, 60_000)

it('a dry run changes nothing, and a release that cannot be made says why', async () => {
  const { folder, git, release } = await copy()
  const dry = release('--dry-run', 'patch')
  expect(dry.status).toBe(0)
  expect(dry.said).toContain(`would commit and tag v${major}.${minor}.`)
  expect(git('status', '--porcelain')).toBe('')
  expect(git('tag')).toBe('')
  const refused = (...args: string[]) => {
    const { status, said } = release(...args)
    expect(status).toBe(1)
    return said
  }
  expect(refused()).toContain('name a version such as 0.2.0, or major, minor or patch')
  expect(refused('v1.0')).toContain('name a version')
  expect(refused(version)).toContain(`${version} does not come after ${version}`)
  expect(refused('0.0.1')).toContain('does not come after')
  git('tag', `v${NEXT}`)
  expect(refused(NEXT)).toContain(`there is a tag v${NEXT} already`)
  writeFileSync(join(folder, 'NEW'), '')
  expect(refused('major')).toContain('commit first:\n?? NEW')
}, 60_000)
