import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from './lab/processes.js'
import { NARROW, NARROW_CPUS } from './lab/slurm.js'
import type { Case, Trial } from './runner.js'
import { SERVER, say, task } from './tasks.js'

const FAILS = task({ run: `${say('run line', 3)}\nexit 3` })

/** Plans, limits, and places that are tried one after the other. */
export const LAUNCHING: readonly Case[] = [
  {
    name: 'plan of a launch',
    async run({ product: { client }, lab }) {
      const request = { provider: 'slurm', region: 'lab', node_id: 'planned' }
      const fine = await client.planLaunch({ ...request, task: task() })
      assert.deepEqual(fine.places, [{ infra: 'Slurm (lab)', gpu: '' }])
      assert.deepEqual(fine.problems, [])
      assert.match(fine.task, /run line/)
      for (const [resources, field, message] of IMPOSSIBLE) {
        const { places, problems } = await client.planLaunch({
          ...request,
          task: task({ resources }),
        })
        assert.deepEqual(places, [])
        assert.equal(problems[0]?.field, field, JSON.stringify(problems))
        assert.match(problems.map((problem) => problem.message).join('\n'), message)
      }
      await assert.rejects(client.getNode('planned'), /node not found/)
      assert.equal(await lab.slurm.command('squeue', '-h', '-n', 'planned'), '')
    },
  },
  {
    name: 'lifetime that ends while Launchtail is away',
    async run({ launch, lab, product }) {
      const launched = await launch(task({ run: SERVER }), { max_lifetime: '45s' })
      const { status, ends_at: endsAt = '', failure } = await launched.ends()
      assert.equal(status, 'active', failure?.message)
      await product.kill()
      await sleep(Math.max(0, Date.parse(endsAt) - Date.now()) + 3000)
      assert.equal((await lab.slurm.jobsOf(launched.cluster)).length, 1)
      await product.start()
      const { client } = product
      const isTold = async () => {
        const { logs } = await client.getNodeLogs(launched.nodeId, { tail: 20 })
        return logs.some(({ message }) => message.includes('max_lifetime of 45s; it is taken down'))
      }
      await until('the log to say that it is taken down', isTold, { within: 30_000 })
      await until('Slurm to be rid of it', () => hasNone(lab, launched.cluster), {
        within: 120_000,
      })
      const isOver = async () => (await client.getNode(launched.nodeId)).status === 'terminated'
      await until('the node to be terminated', isOver, { within: 120_000 })
    },
  },
  {
    name: 'failure that is kept',
    async run({ launch, lab, product }) {
      const launched = await launch(FAILS, { keep_on_failure: '60s' })
      const { status } = await launched.ends()
      assert.equal(status, 'failed')
      const record = async () => product.client.getNode(launched.nodeId)
      const { kept_until: kept = '' } = await record()
      assert.notEqual(kept, '')
      await product.kill()
      await sleep(2000)
      await product.start()
      await sleep(Math.max(0, Date.parse(kept) - Date.now() - 5000))
      assert.equal((await lab.slurm.jobsOf(launched.cluster)).length, 1)
      await until('Slurm to be rid of it', () => hasNone(lab, launched.cluster), {
        within: 120_000,
      })
      assert.ok(Date.now() >= Date.parse(kept))
      await until('the record to say so', async () => !(await record()).kept_until, {
        within: 30_000,
      })
    },
  },
  {
    name: 'place that is full, and the next',
    alone: true,
    async run({ via, launch, lab, product, together }) {
      const free = await together(() => fillNarrow(lab))
      try {
        const launched = await launch(task({ run: SERVER, resources: 'cpus: 1' }), {
          places: [{ infra: `slurm/lab/${NARROW}`, wait: '20s' }, { infra: 'slurm/lab/main' }],
        })
        const { status, attempts = [], failure } = await launched.ends()
        assert.equal(status, 'active', `${via}: ${failure?.message}`)
        assert.deepEqual(
          attempts.map(({ number, place, failure }) => [number, place, failure?.code]),
          [
            [1, `slurm/lab/${NARROW}`, 'no_capacity'],
            [2, 'slurm/lab/main', undefined],
          ],
        )
        assert.equal((await lab.slurm.jobsOf(launched.cluster)).length, 1)
        const shown = await product.command('status', launched.nodeId)
        assert.match(shown.output, /attempt 1 at slurm\/lab\/narrow failed after \S+: no_capacity/)
        await launched.terminate()
        await until('Slurm to be rid of it', () => hasNone(lab, launched.cluster), {
          within: 60_000,
        })
      } finally {
        await together(free)
      }
    },
  },
]

const IMPOSSIBLE: readonly (readonly [string, string, RegExp])[] = [
  ['infra: slurm/lab\ncpus: 512', 'task', /512|resource|satisf/i],
  ['infra: aws\ncpus: 1', 'provider', /aws/i],
]

/** Has somebody else's job take the CPUs of the narrow partition, and returns how to end it. */
async function fillNarrow({ slurm }: Trial['lab']): Promise<() => Promise<void>> {
  const cpus = String(NARROW_CPUS)
  // Without a limit it would have all of the node's memory, and the other partition none.
  const limits = ['-c', cpus, '--mem=100', '--time=10']
  const words = ['-p', NARROW, ...limits, '-o', '/dev/null', '--wrap', 'sleep 600']
  const job = await slurm.command('sbatch', '--parsable', '-J', 'somebody-else', ...words)
  return async () => {
    await slurm.command('scancel', job.trim())
  }
}

async function hasNone(lab: Trial['lab'], cluster: string): Promise<boolean> {
  return (await lab.slurm.jobsOf(cluster)).length === 0
}
