/**
 * `npm run test:vllm`: a real vLLM, built for CPUs, launched by Launchtail through a real SkyPilot on a real
 * Slurm. Takes 6 GB of disk and ten minutes the first time, and a quarter of an hour each time.
 *
 *   npm run test:vllm -- --only "chat"    the cases whose names hold it
 *   --keep FOLDER                         copies each job's log there
 */
import { parseArgs } from 'node:util'
import { NEWEST } from '../lab/versions.js'
import { runSuite } from '../suite.js'
import { VLLM_CASES, vllmCases } from './cases.js'
import { installVllm } from './install.js'

const { values: options } = parseArgs({
  options: { only: { type: 'string', multiple: true }, keep: { type: 'string' } },
})
const isChosen = ({ name }: { name: string }) =>
  options.only?.some((part) => name.includes(part)) ?? true

await runSuite({
  version: NEWEST,
  count: VLLM_CASES.filter(isChosen).length,
  async plan({ folder }) {
    const vllm = await installVllm(folder)
    const cases = vllmCases({ ...vllm, keep: options.keep })
    return cases.filter(isChosen).map((one) => ({ one, via: 'api' }) as const)
  },
})
