import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../packages/server/src/launch/local/port.js'
import { end, MARK, run, start, until } from './processes.js'

export interface LoginNode {
  readonly port: number
  /** The home of whoever logs in, where SkyPilot keeps what belongs to its clusters. */
  readonly home: string
  /** The private key that opens it. */
  readonly key: string
  stop(): Promise<void>
  start(): Promise<void>
}

export interface LoginNodeOptions {
  folder: string
  /** Where SkyPilot is installed. */
  installed: string
  env: NodeJS.ProcessEnv
}

/** Starts sshd on a free port. Who logs in by the key is at home in the lab's folder. */
export async function startLoginNode({
  folder,
  installed,
  env,
}: LoginNodeOptions): Promise<LoginNode> {
  const port = await freePort()
  const home = join(folder, 'node-home')
  const key = join(folder, 'login-key')
  const hostKey = join(folder, 'host-key')
  const settings = join(folder, 'sshd_config')
  mkdirSync(home, { recursive: true })
  mkdirSync('/run/sshd', { recursive: true })
  for (const file of [key, hostKey]) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  }
  // ssh remembers hosts in the home of the account, wherever HOME points. An older key of this port
  // would make SkyPilot wait for somebody to log in by hand.
  await run('ssh-keygen', ['-R', `[127.0.0.1]:${port}`]).catch(() => '')
  const tools = nodeTools(folder, installed)
  writeFileSync(join(home, '.bash_profile'), `PATH=${tools}:$PATH\n`)
  writeFileSync(join(home, '.bashrc'), '')
  const variables = {
    HOME: home,
    [MARK]: folder,
    SLURM_CONF: join(folder, 'slurm.conf'),
    ...certificates(),
  }
  const given = Object.entries(variables).map(([name, value]) => `"${name}=${value}"`)
  writeFileSync(
    settings,
    `
Port ${port}
ListenAddress 127.0.0.1
HostKey ${hostKey}
AuthorizedKeysFile ${key}.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile none
MaxStartups 100
MaxSessions 100
SetEnv ${given.join(' ')}
`,
  )
  let sshd = startSshd()
  await answers()
  return {
    ...{ port, home, key },
    async stop() {
      await end(sshd)
    },
    async start() {
      sshd = startSshd()
      await answers()
    },
  }

  function startSshd() {
    const log = join(folder, 'log', 'sshd.out')
    return start('/usr/sbin/sshd', ['-D', '-e', '-f', settings], { env, log })
  }

  async function answers(): Promise<void> {
    const scan = () => run('ssh-keyscan', ['-p', String(port), '127.0.0.1']).catch(() => '')
    await until('sshd to answer', async () => (await scan()).includes('ssh-ed25519'))
  }
}

/**
 * A folder for the login's PATH. SkyPilot has its nodes download uv by a script, and Python by uv;
 * both are here already, so that a node needs no network except a package index.
 */
function nodeTools(folder: string, installed: string): string {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  for (const name of ['uv', 'uvx'])
    copyFileSync(join(installed, 'venv/bin', name), join(tools, name))
  symlinkSync(join(installed, 'python3.10'), join(tools, 'python3.10'))
  const curl = join(tools, 'curl')
  writeFileSync(
    curl,
    `#!/bin/sh
case "$*" in
  *uv/install.sh*) echo 'mkdir -p "$UV_INSTALL_DIR"; cp ${tools}/uv ${tools}/uvx "$UV_INSTALL_DIR/"' ;;
  *) exec /usr/bin/curl "$@" ;;
esac
`,
  )
  // The jobs of SkyPilot 0.12 forget all variables of Slurm, and where its settings are.
  const srun = join(tools, 'srun')
  const settings = join(folder, 'slurm.conf')
  writeFileSync(srun, `#!/bin/sh\nSLURM_CONF=${settings} exec /usr/bin/srun "$@"\n`)
  for (const file of [curl, srun]) chmodSync(file, 0o755)
  return tools
}

/** How this machine is told of certificates of its own. */
function certificates(): Record<string, string> {
  const found = Object.entries(process.env).filter(([name]) =>
    ['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE'].includes(name),
  )
  return { UV_SYSTEM_CERTS: '1', ...(Object.fromEntries(found) as Record<string, string>) }
}
