import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { must, outcomeOf, outputOf, type Ran, ROOT, type Step } from './step.js'
import { debianTool, goTool } from './tools.js'

const FOLDER = join(ROOT, 'deploy/compose')
const SECRETS = {
  REDIS_PASSWORD: 'one',
  POSTGRES_PASSWORD: 'two',
  LAUNCHTAIL_ADMIN_TOKEN: 'three',
  LAUNCHTAIL_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
}

interface Service {
  command?: string[]
  environment?: Record<string, string>
  volumes?: { source: string }[]
}

interface Composed {
  services: Record<string, Service>
}

export const COMPOSE: readonly Step[] = [
  {
    name: 'compose: the file is one that compose takes, and gives each server its own folder',
    async run() {
      const { code, stdout, stderr } = await composed(SECRETS)
      must(code === 0, stderr)
      const { services } = JSON.parse(stdout) as Composed
      const servers = Object.keys(services).filter((name) => name.startsWith('server-'))
      must(servers.length === 3, `it has these servers: ${servers.join(', ')}`)
      const folders = servers.map((name) => services[name]?.volumes?.[0]?.source)
      must(new Set(folders).size === 3, `servers share a folder: ${folders.join(', ')}`)
      for (const name of servers) {
        const { REDIS_URL, DATABASE_URL } = services[name]?.environment ?? {}
        must(
          REDIS_URL === 'redis://launchtail:one@redis:6379' &&
            DATABASE_URL === 'postgres://launchtail:two@postgres:5432/launchtail',
          `${name} is sent to ${REDIS_URL} and ${DATABASE_URL}`,
        )
      }
    },
  },
  {
    name: 'compose: without a secret it says how to make them',
    async run() {
      const { code, stdout, stderr } = await composed({ ...SECRETS, REDIS_PASSWORD: '' })
      const said = stdout + stderr
      must(
        code !== 0 && said.includes('docs/operations.md'),
        `it should be refused, and said: ${said}`,
      )
    },
  },
  {
    name: 'compose: Redis takes its options, with the account that is documented',
    async run() {
      const { stdout } = await composed(SECRETS)
      const [program = '', ...options] =
        (JSON.parse(stdout) as Composed).services.redis?.command ?? []
      const page = await readFile(join(ROOT, 'docs/operations.md'), 'utf8')
      const [, rules = ''] = /^user launchtail on >PASSWORD (.+)$/m.exec(page) ?? []
      const at = options.indexOf('launchtail')
      const given = options.slice(at + 1)
      must(
        at > 0 && given.join(' ') === `on >one ${rules}`,
        `the account has ${given.join(' ')}, and is documented as ${rules}`,
      )
      await startsAndAnswers(await debianTool(program), options)
    },
  },
  {
    name: 'compose: Caddy takes its configuration',
    async run() {
      await outputOf('sh', [join(ROOT, 'scripts/unpack-proxies.sh')])
      const unpacked = join(
        process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
        'launchtail-proxies/usr/bin/caddy',
      )
      const caddy = existsSync(unpacked) ? unpacked : 'caddy'
      const config = join(FOLDER, 'Caddyfile')
      await outputOf(caddy, ['validate', '--config', config, '--adapter', 'caddyfile'])
    },
  },
]

/** The file as compose reads it. */
async function composed(env: Record<string, string>): Promise<Ran> {
  return outcomeOf(await goTool('compose'), [join(FOLDER, 'compose.yaml')], { env })
}

/** Starts Redis with these options on a free port, and asks it as the health check does. */
async function startsAndAnswers(program: string, options: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'launchtail-redis-'))
  const socket = join(folder, 'socket')
  const own = ['--port', '0', '--unixsocket', socket, '--dir', folder]
  const redis = spawn(program, [...own, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  redis.stdout.on('data', (chunk) => {
    said += chunk
  })
  const env = { REDISCLI_AUTH: SECRETS.REDIS_PASSWORD }
  const ask = ['-s', socket, '--user', 'launchtail', 'ping']
  const answer = async () => (await outcomeOf('redis-cli', ask, { env })).stdout.trim()
  try {
    for (let left = 100; (await answer()) !== 'PONG'; left -= 1) {
      must(left > 0 && redis.exitCode === null, `Redis does not answer; it said: ${said}`)
      await sleep(50)
    }
  } finally {
    redis.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}
