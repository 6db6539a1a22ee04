import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogEntry } from '@launchtail/client'
import { CLUSTER_PREFIX } from './lab/lab.js'
import { until } from './lab/processes.js'
import { lastOf } from './launched.js'
import type { Case, Trial } from './runner.js'
import { say, task } from './tasks.js'

const NODE = 'piped'
/** What `sky launch` exits with when its job has failed. */
const JOB_FAILED = 100

/** A `sky launch` that somebody runs under `launchtail pipe`. */
export const PIPED: readonly Case[] = [
  {
    name: 'sky launch under pipe whose setup fails, with restarts in between',
    only: 'sky',
    async run(trial) {
      const { product, lab } = trial
      const setup = `${say('setup line', 100, 0.3)}\necho "no such wheel" >&2\nexit 7`
      const file = join(lab.folder, 'piped.yaml')
      writeFileSync(file, task({ setup }))
      const cluster = `${CLUSTER_PREFIX}-piped`
      const launch = ['sky', 'launch', '-y', '-c', cluster, file]
      const piping = product.command('pipe', NODE, '--create', '--', ...launch)
      try {
        for (const line of ['Launching on', 'setup line 3']) {
          await logWith(trial, line)
          await product.kill()
          await product.start()
        }
        const { code, output } = await piping
        assert.equal(code, JOB_FAILED, output.slice(-2000))
        await checkNode(trial, output)
      } finally {
        await lab.sky('down', '-y', cluster)
      }
    },
  },
]

/** Everything that was shown is stored once, and the node has failed for the reason that it shows. */
async function checkNode({ product }: Trial, output: string): Promise<void> {
  const { status, phase, failure } = await product.client.getNode(NODE)
  const { logs } = await product.client.getNodeLogs(NODE, { tail: 10_000 })
  const end = lastOf(logs, 12)
  assert.deepEqual([status, phase, failure?.code], ['failed', 'failed', 'setup_failed'], end)
  assert.match(failure?.details ?? '', /exit code 100|exited with 100/, failure?.details)
  for (let line = 1; line <= 100; line += 1) {
    const times = logs.filter(({ message }) => message.endsWith(`setup line ${line}`)).length
    assert.equal(times, 1, `setup line ${line} is there ${times} times:\n${end}`)
  }
  assert.ok(output.includes('setup line 100'), output.slice(-2000))
  const phases = new Set(logs.map((entry) => entry.phase))
  for (const phase of ['provisioning', 'instance_ready', 'installing'] as const) {
    assert.ok(phases.has(phase), `${phase} is not told:\n${end}`)
  }
}

async function logWith({ product }: Trial, text: string): Promise<void> {
  const says = ({ message }: LogEntry) => message.includes(text)
  const look = async () => {
    const { logs } = await product.client.getNodeLogs(NODE, { tail: 10_000 }).catch(() => EMPTY)
    return logs.some(says)
  }
  await until(`the node’s log to say ${text}`, look, { within: 300_000 })
}

const EMPTY = { logs: [] as LogEntry[] }
