import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError, run } from './processes.js'
import { PACKAGES_OF } from './versions.js'

const CACHE = process.env.LAUNCHTAIL_LAB_CACHE ?? join(homedir(), '.cache/launchtail-lab')
/** In seconds. Where downloads take longer, nothing is tested. */
const LIMIT = 360
/** Why the script ended with an exit code. 124 is that of `timeout`. */
const REASONS: Readonly<Record<number, string>> = {
  3: 'there is no Python 3.10, and uv cannot fetch one',
  4: 'the packages of SkyPilot’s nodes could not be fetched',
  124: `what is missing was not installed within ${LIMIT / 60} minutes`,
}

/** Installs Slurm, and this version of SkyPilot in a folder of the cache; the folder. */
export async function install(version: string): Promise<string> {
  const folder = join(CACHE, `skypilot-${version}`)
  const script = fileURLToPath(new URL('install.sh', import.meta.url))
  const day = PACKAGES_OF[version]
  try {
    // `timeout` ends what the script has started, too.
    const limited = ['--kill-after=10', String(LIMIT), 'sh', script]
    await run('timeout', [...limited, folder, version, ...(day ? [day] : [])], {
      within: (LIMIT + 60) * 1000,
    })
  } catch (error) {
    const reason = error instanceof CommandError ? REASONS[error.code ?? 0] : undefined
    throw reason === undefined ? error : new Error(reason)
  }
  return folder
}
