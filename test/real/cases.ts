import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Phase } from '@launchtail/client'
import { ENGINE_CASES } from './engines.js'
import { GROUPS } from './groups.js'
import { INTERRUPTIONS } from './interruptions.js'
import { LAUNCHING } from './launching.js'
import { MACHINES } from './machines.js'
import { MANAGED_JOBS } from './managed-jobs.js'
import { PIPED } from './piped.js'
import type { Case, Trial } from './runner.js'
import { SERVER, say, task } from './tasks.js'

/** A job that is at work for longer than any case takes. */
const LONG = { run: `${say('run line', 3)}\nsleep 900` }
const LONG_SETUP = { setup: `${say('setup line', 3)}\nsleep 900` }
/** A job that is at work for a while, and then fails. */
const SLOW = { run: `${say('run line', 100, 0.5)}\nexit 3` }
const FAILED_RUN = {
  status: 'failed',
  message: /return code|status: FAILED/,
  job: 'FAILED',
} as const

export const CASES: readonly Case[] = [
  // The quick ones come first, so that as many as possible fit into the short list's time.
  {
    name: 'too many CPUs',
    short: ['api', 'sky'],
    async run({ launch, expect }) {
      const launched = await launch(task({ resources: 'infra: slurm/lab\ncpus: 512' }))
      await expect(launched, { status: 'failed', code: 'no_matching_instance', submitted: 0 })
    },
  },
  {
    name: 'cloud not enabled',
    short: ['api'],
    async run({ launch, expect }) {
      const launched = await launch(task({ resources: 'infra: aws\ncpus: 1' }))
      await expect(launched, { status: 'failed', code: 'cloud_not_enabled', submitted: 0 })
    },
  },
  {
    name: 'field that SkyPilot does not know',
    short: ['api'],
    async run({ launch, expect }) {
      const launched = await launch(task({ resources: 'infra: slurm/lab\ncpu: 1' }))
      await expect(launched, { status: 'failed', message: /cpu/, submitted: 0 })
    },
  },
  {
    name: 'terminate at once',
    short: ['api', 'sky'],
    async run({ launch, expect }) {
      const launched = await launch(task(LONG))
      await launched.terminate()
      await expect(launched, { status: 'terminated', submitted: 'maybe', cut: true })
    },
  },
  {
    name: 'task that serves',
    short: ['api', 'sky'],
    async run({ launch, expect }) {
      const launched = await launch(task({ run: SERVER }))
      const { status, endpoint = '', failure } = await launched.ends()
      assert.equal(status, 'active', failure?.message)
      assert.equal((await fetch(endpoint)).status, 200)
      await launched.terminate()
      await expect(launched, { status: 'terminated', cut: true })
    },
  },
  {
    name: 'port that is taken',
    async run({ launch, expect }) {
      const stranger = createServer().listen(0, '127.0.0.1')
      await once(stranger, 'listening')
      const { port } = stranger.address() as AddressInfo
      try {
        const launched = await launch(task({ run: SERVER }), { envs: { PORT: String(port) } })
        await expect(launched, { status: 'failed', code: 'port_in_use', job: 'FAILED' })
      } finally {
        stranger.close()
      }
    },
  },
  {
    name: 'ports that no place opens',
    only: 'api',
    async run({ launch, expect }) {
      const launched = await launch(task({ run: SERVER, resources: 'cpus: 1' }), ANYWHERE)
      await launched.says(WITHOUT_PORTS)
      assert.equal((await launched.ends()).status, 'active')
      await launched.terminate()
      await expect(launched, { status: 'terminated', cut: true })
    },
  },
  {
    name: 'job that serves nothing',
    async run({ launch, expect }) {
      const launched = await launch(task(LONG), { readiness: { from: 'job' } })
      assert.equal((await launched.ends()).status, 'active')
      await launched.terminate()
      await expect(launched, { status: 'terminated', cut: true })
    },
  },
  {
    name: 'setup that fails',
    short: ['api', 'sky'],
    async run({ launch, expect }) {
      const launched = await launch(task({ setup: `${say('setup line', 20)}\nexit 7` }))
      await expect(launched, {
        ...{ status: 'failed', code: 'setup_failed', message: /setup failed/ },
        job: 'FAILED_SETUP',
      })
    },
  },
  {
    name: 'run that fails',
    short: ['api', 'sky'],
    async run({ launch, expect }) {
      const run = `${say('run line', 200)}\necho "cannot open the database" >&2\nexit 3`
      await expect(await launch(task({ run })), { ...FAILED_RUN, message: /open the database/ })
    },
  },
  {
    name: 'unknown package',
    short: ['api'],
    async run({ launch, expect }) {
      const setup = 'pip install launchtail-no-such-package==1.2.3'
      await expect(await launch(task({ setup })), {
        ...{ status: 'failed', code: 'package_not_found', message: /launchtail-no-such-package/ },
        job: 'FAILED_SETUP',
      })
    },
  },
  terminateWhile('provisioning', { short: ['api'] }),
  terminateWhile('setup', { short: ['api'] }),
  terminateWhile('run', {}),
  {
    name: 'scancel',
    async run({ launch, expect, lab }) {
      const launched = await launch(task(LONG))
      await launched.says('run line 3')
      await lab.slurm.cancel(launched.cluster)
      await expect(launched, { status: 'failed', code: 'preempted', cut: true })
    },
  },
  {
    name: 'sky down by somebody else',
    async run({ launch, expect, lab }) {
      const launched = await launch(task(LONG))
      await launched.says('run line 3')
      await lab.sky('down', '-y', launched.cluster)
      await expect(launched, { status: 'failed', code: 'preempted', cut: true })
    },
  },
  {
    name: 'sky cancel',
    async run({ launch, expect, lab }) {
      const launched = await launch(task(LONG))
      await launched.says('run line 3')
      await lab.sky('cancel', '-y', launched.cluster, '1')
      await expect(launched, { status: 'failed', message: /CANCELLED/, cut: true })
    },
  },
  ...(['queued', 'provisioning', 'instance_ready', 'installing'] as const).map(
    (phase): Case => ({
      name: `kill -9 of Launchtail while ${phase}`,
      run: (trial) => restarted(trial, [phase], 'kill'),
    }),
  ),
  {
    name: 'many restarts of Launchtail',
    async run(trial) {
      await restarted(trial, ['queued', 'provisioning', 'instance_ready', 'installing'], 'stop')
    },
  },
  ...LAUNCHING,
  ...MACHINES,
  ...GROUPS,
  ...ENGINE_CASES,
  ...PIPED,
  ...INTERRUPTIONS,
  ...MANAGED_JOBS,
]

const ANYWHERE = { provider: 'any', region: 'any' }
const WITHOUT_PORTS = /asked for once more without them/
type Moment = 'provisioning' | 'setup' | 'run'

async function comesTo(launched: Awaited<ReturnType<Trial['launch']>>, moment: Moment) {
  if (moment === 'provisioning') await launched.reaches('provisioning')
  else await launched.says(`${moment} line 3`)
}

function terminateWhile(moment: Moment, rest: Pick<Case, 'short'>): Case {
  return {
    name: `terminate while ${moment}`,
    ...rest,
    async run({ launch, expect }) {
      const launched = await launch(task(moment === 'setup' ? LONG_SETUP : LONG))
      await comesTo(launched, moment)
      await launched.terminate()
      const submitted = moment === 'provisioning' ? 'maybe' : 1
      await expect(launched, { status: 'terminated', submitted, cut: true })
    },
  }
}

/** Ends Launchtail and starts it again in each of these phases. */
async function restarted(
  { launch, expect, product }: Trial,
  phases: readonly Phase[],
  how: 'kill' | 'stop',
): Promise<void> {
  const launched = await launch(task({ setup: say('setup line', 50, 0.1), ...SLOW }))
  for (const phase of phases) {
    await launched.reaches(phase)
    await product[how]()
    await sleep(3000)
    await product.start()
  }
  await expect(launched, { ...FAILED_RUN, lag: 60_000 })
}
