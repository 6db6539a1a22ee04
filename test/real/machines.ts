import assert from 'node:assert/strict'
import { rankIn } from '@launchtail/client/protocol'
import { PAIR, SECOND } from './lab/slurm.js'
import type { Case } from './runner.js'
import { task } from './tasks.js'

/** A job on two machines, of which the second fails by itself. */
const ON_TWO = `${task({
  resources: `infra: slurm/lab/${PAIR}\ncpus: 1`,
  setup: 'echo "setup on $(hostname)"',
  run: `echo "rank $SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES is $(hostname)"
test "$SKYPILOT_NODE_RANK" = 0 && exec sleep 900
sleep 5
echo "OSError: [Errno 28] No space left on device"
exit 7`,
})}num_nodes: 2
`

/** Launches on several machines. */
export const MACHINES: readonly Case[] = [
  {
    name: 'two machines, of which one fails',
    async run({ launch, lab }) {
      const launched = await launch(ON_TWO)
      const record = await launched.ends()
      assert.equal(record.num_nodes, 2)
      assert.equal(record.failure?.code, 'disk_full', JSON.stringify(record.failure))
      const said = launched.entries.flatMap(({ message, details }) => {
        const [, rank, host] = /^rank (\d) of 2 is (\S+)$/.exec(message) ?? []
        return rank === undefined ? [] : [{ rank, host, told: rankIn(details) }]
      })
      // Slurm decides which of them is the head.
      assert.deepEqual(said.map(({ host }) => host).sort(), [SECOND.name, lab.slurm.host].sort())
      assert.deepEqual(said.map(({ rank }) => rank).sort(), ['0', '1'])
      for (const { rank, told } of said) assert.equal(told, rank)
      const evidence = record.failure?.evidence?.[0]?.index ?? -1
      assert.equal(rankIn(launched.entries[evidence]?.details), '1')
    },
  },
]
