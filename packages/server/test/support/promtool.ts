import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where `scripts/unpack-promtool.sh` puts it, if it is not installed. */
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const PLACES = [
  ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'promtool')),
  join(CACHE, 'launchtail-promtool/usr/bin/promtool'),
]

/** The program, or undefined where there is none. */
export const PROMTOOL = PLACES.find((file) => existsSync(file))

/** What it says about this input, and its exit code. */
export function promtool(
  args: readonly string[],
  input = '',
): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(PROMTOOL ?? 'promtool', args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr })
    })
    child.stdin?.end(input)
  })
}
