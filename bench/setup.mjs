// Makes what the bench needs: the build, the peers, the load client, nginx with nchan, Redis. What
// cannot be had on this machine is said in a sentence, and left out.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))
const cache = fileURLToPath(new URL('.cache/', import.meta.url))

const NGINX_FOLDER = '/var/lib/nginx'

/** Gives the notes, and the names of servers that cannot be measured here. */
export function setup({ build, peers = true }) {
  mkdirSync(`${cache}debs`, { recursive: true })
  if (build) must('npm', ['run', '--silent', 'build'], { cwd: root })
  if (peers) installPeers()
  compile()
  const notes = []
  const missing = new Set()
  if (peers && !installNchan()) {
    missing.add('nchan')
    notes.push(
      'nchan is left out: it needs Debian’s nginx and module by `apt-get download`, and root once.',
    )
  }
  if (!installRedis()) {
    for (const name of ['redis', 'reference']) missing.add(name)
    notes.push(
      'What needs Redis is left out: there is no redis-server, and it cannot be installed.',
    )
  }
  return { notes, missing }
}

function installPeers() {
  const installed = `${here}node_modules/.package-lock.json`
  const current =
    existsSync(installed) &&
    statSync(installed).mtimeMs > statSync(`${here}package-lock.json`).mtimeMs
  if (!current) must('npm', ['ci', '--silent', '--ignore-scripts', '--prefix', here], { cwd: here })
}

function compile() {
  const sources = readdirSync(`${here}load`).filter((name) => name.endsWith('.c'))
  const flags = ['-std=c99', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra']
  must('cc', [...flags, '-o', `${cache}load`, ...sources.map((name) => `${here}load/${name}`)])
}

/** Unpacked beside the bench, not installed: nothing of it is started by the system. */
function installNchan() {
  const nginx = `${cache}nginx/usr/sbin/nginx`
  if (!existsSync(nginx)) {
    const debs = `${cache}debs/`
    const packages = ['nginx', 'libnginx-mod-nchan']
    const get = () => tried('apt-get', ['-q', 'download', ...packages], { cwd: debs })
    if (!get() && !(isRoot() && tried('apt-get', ['-q', 'update']) && get())) return false
    for (const deb of readdirSync(debs)) {
      if (!tried('dpkg-deb', ['-x', debs + deb, `${cache}nginx`])) return false
    }
  }
  // The module insists on the package's own folder for temporary files, whatever is configured.
  if (!existsSync(NGINX_FOLDER) && !(isRoot() && tried('mkdir', ['-p', NGINX_FOLDER]))) return false
  return tried(nginx, ['-v'])
}

function installRedis() {
  if (tried('redis-server', ['--version'])) return true
  return isRoot() && tried('sh', [`${root}scripts/test-setup.sh`], { cwd: root })
}

function isRoot() {
  return process.getuid?.() === 0
}

function tried(command, words, options = {}) {
  return spawnSync(command, words, { stdio: 'ignore', ...options }).status === 0
}

function must(command, words, options = {}) {
  const { status, error } = spawnSync(command, words, { stdio: 'inherit', ...options })
  if (status === 0) return
  console.error(`bench: ${command} ${words[0]} failed${error ? `: ${error.message}` : ''}`)
  process.exit(1)
}
