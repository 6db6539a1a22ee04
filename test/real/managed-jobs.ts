import assert from 'node:assert/strict'
import type { LogEntry, NewLaunch } from '@launchtail/client'
import { phaseOrder } from '@launchtail/client/protocol'
import { managedClusterName } from '../../packages/server/src/launch/skypilot/jobs/cluster-name.js'
import { ask } from './lab/ask.js'
import { until } from './lab/processes.js'
import { type Launched, lastOf } from './launched.js'
import type { Case, Trial } from './runner.js'
import { SERVER, say, task } from './tasks.js'

const LONG = task({ run: `${say('run line', 3)}\nsleep 900` })

/** The cases that are run through the API server alone, and one at a time. */
const MANAGED = { only: 'api', managedJobs: true, alone: true } as const

/**
 * The `sky` command launches no managed jobs for Launchtail. Two of them at once take more than 12 minutes
 * on two busy cores, since SkyPilot starts processes for each look at them.
 */
export const MANAGED_JOBS: readonly Case[] = [
  {
    name: 'managed job',
    ...MANAGED,
    async run(trial) {
      const job = await launchJob(trial, LONG)
      assert.equal((await job.launched.ends()).status, 'active')
      const logs = await job.logsWith('run line 3', 1)
      assert.equal(count(logs, 'setup line 3'), 1)
      await job.terminate({ submitted: 1 })
    },
  },
  {
    name: 'managed job that loses its machine and recovers',
    ...MANAGED,
    async run(trial) {
      const { lab, product } = trial
      const job = await launchJob(trial, LONG)
      assert.equal((await job.launched.ends()).status, 'active')
      await job.logsWith('run line 3', 1)
      await lab.slurm.cancel(await job.cluster())
      await job.logsWith('recovering, attempt 2', 1)
      await product.kill()
      await product.start()
      const logs = await job.logsWith('run line 3', 2)
      for (const line of ['run line 1', 'run line 2', 'setup line 1', 'setup line 3']) {
        assert.equal(count(logs, line), 2, `${line}:\n${lastOf(logs, 40)}`)
      }
      assert.equal(logs.filter(says('recovering, attempt')).length, 1)
      const second = logs.slice(logs.findIndex(says('recovering, attempt 2')))
      assert.match(second[0]?.details ?? '', /^attempt: 2\n/)
      assert.ok(second.some(says('Attempt 2: installing')), lastOf(logs, 40))
      const orders = logs.map(({ phase }) => phaseOrder(phase))
      assert.deepEqual(
        orders,
        orders.toSorted((a, b) => a - b),
      )
      assert.equal((await product.client.getNode(job.launched.nodeId)).status, 'active')
      await job.terminate({ submitted: 2 })
    },
  },
  {
    name: 'managed job that serves, and moves',
    ...MANAGED,
    async run(trial) {
      const { lab, product } = trial
      // No place opens the port that is asked for where none is named.
      const served = task({ run: SERVER, resources: 'cpus: 1' })
      const anywhere = { provider: 'any', region: 'any', readiness: { path: '/' } } as const
      const job = await launchJob(trial, served, anywhere)
      await job.launched.says(/asked for once more without them/)
      const first = await job.launched.ends()
      assert.equal(first.status, 'active', first.failure?.message)
      assert.equal((await fetch(first.endpoint ?? '')).status, 200)
      await lab.slurm.cancel(await job.cluster())
      await job.logsWith('recovering, attempt 2', 1)
      await job.logsWith('Attempt 2: Node is ready and serving requests!', 1)
      const second = await product.client.getNode(job.launched.nodeId)
      assert.equal((await fetch(second.endpoint ?? '')).status, 200)
      const attempts = second.attempts?.map(({ number, failure }) => [number, failure?.code])
      assert.deepEqual(attempts, [
        [1, 'preempted'],
        [2, undefined],
      ])
      await job.terminate({ submitted: 2 })
    },
  },
  {
    name: 'managed job whose setup fails',
    ...MANAGED,
    async run(trial) {
      const setup = `${say('setup line', 20)}\nexit 7`
      const job = await launchJob(trial, task({ setup }))
      const { status, failure } = await job.launched.ends()
      assert.deepEqual([status, failure?.code], ['failed', 'setup_failed'], failure?.message)
      const logs = await job.logsWith('setup line 20', 1)
      assert.equal(count(logs, 'setup line 1'), 1)
      await job.isGone({ submitted: 1 })
    },
  },
  ...(['provisioning', 'setup'] as const).map(
    (moment): Case => ({
      name: `managed job that is terminated while ${moment}`,
      ...MANAGED,
      async run(trial) {
        const setup = `${say('setup line', 3)}\nsleep 900`
        const job = await launchJob(trial, task({ setup }))
        if (moment === 'setup') await job.launched.says('setup line 3')
        else await job.launched.reaches('provisioning')
        await job.terminate({})
      },
    }),
  ),
]

const says =
  (text: string) =>
  ({ message }: LogEntry) =>
    message.includes(text)
const count = (logs: readonly LogEntry[], text: string) =>
  logs.filter(({ message }) => message.endsWith(text)).length

interface Queued {
  readonly job_id: number
  readonly status: string
}

async function launchJob(
  { launch, lab, product }: Trial,
  text: string,
  more: Partial<NewLaunch> = {},
) {
  const launched: Launched = await launch(text, { mode: 'job', ...more })
  const { nodeId, cluster: name } = launched
  return { launched, cluster, logsWith, terminate, isGone }

  async function queued(): Promise<Queued> {
    const body = { refresh: false, all_users: true, name_match: name }
    const { jobs } = (await ask(lab.api.endpoint, '/jobs/queue/v2', body)) as { jobs: Queued[] }
    assert.equal(jobs.length, 1, `SkyPilot has ${jobs.length} managed jobs of this name`)
    return jobs[0] as Queued
  }

  /** The name of the job's cluster, by which Slurm has it. */
  async function cluster(): Promise<string> {
    return managedClusterName(name, (await queued()).job_id)
  }

  /** The node's log as soon as it has a line so often. */
  async function logsWith(text: string, times: number): Promise<readonly LogEntry[]> {
    const look = async () => {
      const { logs } = await product.client.getNodeLogs(nodeId, { tail: 10_000 })
      return count(logs, text) >= times && logs
    }
    return until(`the log to say ${text} ${times} times`, look, { within: 300_000, every: 1000 })
  }

  async function terminate(expected: { submitted?: number }): Promise<void> {
    await launched.terminate()
    assert.equal((await queued()).status, 'CANCELLED')
    await isGone(expected)
  }

  async function isGone({ submitted }: { submitted?: number }): Promise<void> {
    const slurm = await cluster()
    const left = async () => (await lab.slurm.jobsOf(slurm)).length === 0
    await until('its jobs to leave Slurm’s queue', left)
    if (submitted === undefined) return
    assert.equal((await lab.slurm.jobsOf(slurm, { all: true })).length, submitted)
  }
}
