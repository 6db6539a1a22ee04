import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Expected } from './checks.js'
import { until } from './lab/processes.js'
import { CPUS } from './lab/slurm.js'
import type { Launched } from './launched.js'
import type { Case, Trial } from './runner.js'
import { say, task } from './tasks.js'

/** What happens to SkyPilot's API server, its login node or Slurm itself, while launches go on. */
export const INTERRUPTIONS: readonly Case[] = [
  {
    name: 'terminate while it waits in the queue',
    alone: true,
    async run(trial) {
      const { launch, expect, lab, together } = trial
      const free = await together(() => fillQueue(lab))
      try {
        const launched = await launch(task({ resources: HALF }))
        await waitsInQueue(launched, trial)
        await launched.terminate()
        await expect(launched, { status: 'terminated', cut: true })
      } finally {
        await together(free)
      }
    },
  },
  {
    name: 'queue that is full and then free',
    alone: true,
    async run(trial) {
      const { launch, expect, lab, together } = trial
      const free = await together(() => fillQueue(lab))
      try {
        const launched = await launch(task({ resources: HALF }))
        await waitsInQueue(launched, trial)
        await together(async () => {
          await sleep(5000)
          await free()
        })
        await expect(launched, FAILED_RUN)
      } finally {
        await together(free)
      }
    },
  },
  {
    name: 'node that goes down',
    alone: true,
    async run({ launch, expect, lab, together }) {
      const launched = await launch(task({ run: `${say('run line', 3)}\nsleep 900` }))
      await launched.says('run line 3')
      const { host, command } = lab.slurm
      const update = (...words: string[]) =>
        command('scontrol', 'update', `nodename=${host}`, ...words)
      await together(() => update('state=down', 'reason=test'))
      try {
        await launched.ends()
      } finally {
        // Slurm refuses where the node has registered anew meanwhile, and is up.
        await together(() => update('state=resume').catch(() => ''))
      }
      await expect(launched, {
        ...{ status: 'failed', code: 'node_failure', message: /node failure/i },
        cut: true,
      })
    },
  },
  {
    name: 'login node that is away for 45 s',
    alone: true,
    async run({ launch, expect, lab, together }) {
      const launched = await launch(task({ run: `${say('run line', 100, 1)}\nexit 3` }))
      await launched.says('run line 3')
      await together(async () => {
        await lab.login.stop()
        await sleep(45_000)
        await lab.login.start()
      })
      await expect(launched, { ...FAILED_RUN, lag: 120_000 })
    },
  },
  ...(['SIGTERM', 'SIGKILL'] as const).flatMap((signal) => [
    endedWhileProvisioning(signal),
    endedWhile('setup', signal),
    endedWhile('run', signal),
  ]),
  {
    name: 'restarts of both servers',
    alone: true,
    async run(trial) {
      const { launch, expect, lab, product, together } = trial
      const steps = { setup: say('setup line', 40, 1), run: `${say('run line', 100, 1)}\nexit 3` }
      const launched = await launch(task(steps))
      const turns = [
        { text: 'setup line 3', signal: 'SIGKILL', how: 'kill' },
        { text: 'run line 3', signal: 'SIGTERM', how: 'stop' },
        { text: 'run line 40', signal: 'SIGKILL', how: 'kill' },
      ] as const
      for (const { text, signal, how } of turns) {
        await launched.says(text)
        await product[how]()
        await together(() => lab.api.stop(signal))
        await product.start()
        await together(async () => {
          await sleep(8000)
          await lab.api.start()
        })
      }
      await expect(launched, { ...FAILED_RUN, lag: LAG })
    },
  },
]

const HALF = `infra: slurm/lab\ncpus: ${CPUS / 2}`
const FAILED_RUN = {
  status: 'failed',
  message: /return code|status: FAILED/,
  job: 'FAILED',
} as const
/** How much later a phase may be told where SkyPilot was away. */
const LAG = 180_000
const AWAY = 10_000

/** The launches wait in Slurm's queue, so that all of them are at the same point. */
function endedWhileProvisioning(signal: 'SIGTERM' | 'SIGKILL'): Case {
  return {
    name: `API server ended with ${signal} while provisioning`,
    alone: true,
    async run(trial) {
      const { launch, expect, lab, together } = trial
      const free = await together(() => fillQueue(lab))
      try {
        const launched = await launch(task({ resources: HALF }))
        await waitsInQueue(launched, trial)
        await together(async () => {
          // In order, it ends when the launches have.
          const stopped = lab.api.stop(signal)
          await sleep(3000)
          await free()
          await stopped
          await sleep(AWAY)
          await lab.api.start()
        })
        // The launch itself dies with a server that is killed.
        const killed: Expected = { status: 'failed', cut: true }
        await expect(launched, { ...(signal === 'SIGKILL' ? killed : FAILED_RUN), lag: LAG })
      } finally {
        await together(free)
      }
    },
  }
}

async function waitsInQueue(launched: Launched, { via, lab }: Trial): Promise<void> {
  const isThere = async () => (await lab.slurm.jobsOf(launched.cluster)).length > 0
  await until('a job in Slurm’s queue', isThere, { within: 180_000 })
  // `sky` shows no spinner where it does not write to a terminal.
  if (via === 'api') await launched.says(/pending: (?:Resources|Priority)/)
}

/** The job waits where it is until the server is away, and then goes on. */
function endedWhile(moment: 'setup' | 'run', signal: 'SIGTERM' | 'SIGKILL'): Case {
  const name = `API server ended with ${signal} while ${moment}`
  return {
    name,
    alone: true,
    async run({ launch, expect, lab, together }) {
      const gate = join(lab.folder, `gate-${moment}-${signal}`)
      const waits = `until [ -e ${gate} ]; do sleep 0.5; done`
      const text = (what: string) => `${say(`${what} line`, 10)}\n${what === moment ? waits : ''}
${say(`later ${what} line`, 40, 0.5)}`
      const launched = await launch(task({ setup: text('setup'), run: `${text('run')}\nexit 3` }))
      await launched.says(`${moment} line 10`)
      await together(async () => {
        await lab.api.stop(signal)
        writeFileSync(gate, '')
        await sleep(AWAY)
        await lab.api.start()
      })
      await expect(launched, { ...FAILED_RUN, lag: LAG })
    },
  }
}

/** Has somebody else's job take most of Slurm's CPUs; how to end it. */
async function fillQueue({ slurm }: Trial['lab']): Promise<() => Promise<void>> {
  const cpus = String(CPUS - 4)
  const made = await slurm.command('sbatch', '--parsable', '-c', cpus, '-o', '/dev/null', ...IDLE)
  return async () => {
    await slurm.command('scancel', made.trim())
  }
}

const IDLE = ['-J', 'somebody-else', '--time=10', '--wrap', 'sleep 600']
