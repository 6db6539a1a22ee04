// A PostgreSQL for one measurement, as the tests start theirs (packages/server/test/support/postgres.ts).
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, start } from './children.mjs'
import { LOAD, on } from './machine.mjs'

const USER = 'launchtail'

/** `undefined` where this machine has none. */
export function postgresFolder() {
  const folder = '/usr/lib/postgresql'
  const versions = existsSync(folder) ? readdirSync(folder) : []
  const [newest] = versions.sort((a, b) => Number(b) - Number(a))
  return newest && join(folder, newest, 'bin')
}

/** Starts one whose files are in a new folder below the given one. */
export async function startPostgres(below) {
  const bin = postgresFolder()
  if (!bin) throw new Error('there is no PostgreSQL: see scripts/test-setup.sh')
  const folder = join(below, 'postgres')
  mkdirSync(folder, { mode: 0o700 })
  const words = ownerWords(below, folder)
  const data = join(folder, 'data')
  const [first, ...rest] = [...words, join(bin, 'initdb'), '-D', data, '-U', USER, '-A', 'trust']
  execFileSync(first, [...rest, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'], {
    stdio: 'ignore',
    cwd: folder,
  })
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'fsync=off', `unix_socket_directories=${folder}`]
  const given = settings.flatMap((setting) => ['-c', setting])
  const command = [...words, join(bin, 'postgres'), '-D', data, '-p', String(port), ...given]
  const child = start(on(LOAD, command), { errors: 'ignore' })
  await accepting(port)
  return {
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    // It ends its own processes with it.
    end: () => child.end('SIGINT'),
  }
}

/** It refuses to run as root: there it runs as another user, who gets the folder. */
function ownerWords(below, folder) {
  if (process.getuid?.() !== 0) return []
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])))
  chownSync(below, uid, gid)
  chownSync(folder, uid, gid)
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
}

async function accepting(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () =>
        resolve(false),
      )
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return
    await sleep(20)
  }
  throw new Error('PostgreSQL did not listen')
}
