import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { type ServerOptions, temporaryFolder } from './processes.js'

/**
 * A data folder on a small disk of its own, which outlives the servers that use it. Undefined where this
 * account cannot mount one.
 */
export async function smallDisk(
  size = '24m',
): Promise<Pick<ServerOptions, 'dataDir' | 'wrap'> | undefined> {
  const dataDir = await temporaryFolder()
  const mount = `mount -t tmpfs -o size=${size} tmpfs '${dataDir}' && echo mounted && exec cat`
  // It is there as long as this process: `cat` ends with us.
  const [file = '', ...args] = ['unshare', '-Urm', 'sh', '-c', mount]
  const holder = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(() => void holder.kill('SIGKILL'))
  holder.on('error', () => {})
  const isMounted = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    once(holder, 'close').then(() => false),
  ])
  if (!isMounted) return undefined
  const wrap = ['nsenter', '-t', String(holder.pid), '-U', '-m', '--preserve-credentials']
  return { dataDir, wrap }
}
