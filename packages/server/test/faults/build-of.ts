import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CHECKOUT = fileURLToPath(new URL('../../../..', import.meta.url))
const CACHE = process.env.LAUNCHTAIL_UPGRADE_CACHE ?? join(homedir(), '.cache/launchtail-upgrade')

/** The command `launchtail` as a commit has it: checked out, installed and built once, and kept. */
export function buildOf(ref: string): string {
  const commit = git('rev-parse', '--verify', `${ref}^{commit}`)
  const folder = join(CACHE, commit)
  const program = join(folder, 'packages/server/dist/launchtail.js')
  if (existsSync(program)) return program
  if (!existsSync(folder)) git('clone', '--quiet', '--shared', '--no-checkout', CHECKOUT, folder)
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  run('git', 'checkout', '--quiet', commit)
  run('npm', 'ci', '--no-audit', '--no-fund')
  run('npm', 'run', 'build')
  return program
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: CHECKOUT, encoding: 'utf8' }).trim()
}
