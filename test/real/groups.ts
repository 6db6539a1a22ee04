import assert from 'node:assert/strict'
import type { WholeGroup } from '@launchtail/client'
import { until } from './lab/processes.js'
import type { Case, Trial } from './runner.js'
import { SERVER, task } from './tasks.js'

/** Three launches at once, on a machine that has two CPUs, and then another one. */
const MINUTES = 60_000
const WITHIN = { within: 8 * MINUTES }

export const GROUPS: readonly Case[] = [
  {
    name: 'group of three, of which one is replaced',
    limit: 20 * MINUTES,
    async run({ via, product, lab }) {
      const { client } = product
      const id = `trio-${via}`
      await client.launchGroup({
        ...{ group_id: id, replicas: 3, provider: 'slurm', region: 'lab' },
        task: task({ run: SERVER }),
      })
      const launched = await reached(client, id, ({ launching }) => launching === 0)
      assert.equal(launched.active, 3, JSON.stringify(failuresOf(launched)))
      for (const { node } of launched.nodes) {
        assert.equal((await fetch(node.endpoint ?? '')).status, 200)
        assert.equal((await lab.slurm.jobsOf(node.cluster_name)).length, 1)
      }

      await client.updateGroup(id, { only: [`${id}-2`] })
      await reached(client, id, ({ nodes }) => nodes.length === 4)
      // The update goes on after that.
      await product.kill()
      await product.start()
      const after = await reached(client, id, ({ update }) => update?.state !== 'running')
      assert.deepEqual(
        after.nodes.map(({ node, role }) => [node.node_id, role, node.status]),
        [
          [`${id}-1`, 'member', 'active'],
          [`${id}-2`, 'left', 'terminated'],
          [`${id}-3`, 'member', 'active'],
          [`${id}-4`, 'member', 'active'],
        ],
        JSON.stringify(after.update),
      )
      const clusterOf = new Map(after.nodes.map(({ node }) => [node.node_id, node.cluster_name]))
      await until('Slurm to be rid of the one that was replaced', () =>
        hasNone(lab, clusterOf.get(`${id}-2`)),
      )

      await client.terminateGroup(id)
      await reached(client, id, ({ ended_at }) => ended_at !== undefined)
      for (const cluster of clusterOf.values()) {
        await until(`Slurm to be rid of ${cluster}`, () => hasNone(lab, cluster), WITHIN)
      }
    },
  },
]

function reached(
  client: Trial['product']['client'],
  id: string,
  is: (group: WholeGroup) => boolean,
): Promise<WholeGroup> {
  let group: WholeGroup | undefined
  const look = async () => {
    // Launchtail is away while it is started again.
    group = await client.getGroup(id).catch(() => undefined)
    return group && is(group) ? group : undefined
  }
  return until(`group ${id} to get there`, look, WITHIN) as Promise<WholeGroup>
}

function failuresOf({ nodes }: WholeGroup): unknown[] {
  return nodes.map(({ node }) => [node.node_id, node.phase, node.failure?.message])
}

async function hasNone(lab: Trial['lab'], cluster = ''): Promise<boolean> {
  return (await lab.slurm.jobsOf(cluster)).length === 0
}
