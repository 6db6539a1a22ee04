import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError, run } from './processes.js'
import { PACKAGES_OF } from './versions.js'

const CACHE = process.env.LAUNCHTAIL_LAB_CACHE ?? join(homedir(), '.cache/launchtail-lab')
const NO_PYTHON = 3

/** Installs Slurm, and this version of SkyPilot in a folder of the cache; the folder. */
export async function install(version: string): Promise<string> {
  const folder = join(CACHE, `skypilot-${version}`)
  const script = fileURLToPath(new URL('install.sh', import.meta.url))
  const day = PACKAGES_OF[version]
  try {
    await run('sh', [script, folder, version, ...(day ? [day] : [])], { within: 900_000 })
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== NO_PYTHON) throw error
    throw new Error('there is no Python 3.10, and uv cannot fetch one')
  }
  return folder
}
