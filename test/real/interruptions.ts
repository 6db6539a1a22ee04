import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Expected } from './checks.js'
import { inFullQueue } from './full-queue.js'
import type { Case } from './runner.js'
import { say, task } from './tasks.js'

/** What happens to SkyPilot's API server, its login node or Slurm itself, while launches go on. */
export const INTERRUPTIONS: readonly Case[] = [
  inFullQueue('terminate while it waits in the queue', async ({ launched, expect }) => {
    await launched.terminate()
    await expect(launched, { status: 'terminated', cut: true })
  }),
  inFullQueue('queue that is full and then free', async ({ launched, expect, together, free }) => {
    await together(async () => {
      await sleep(5000)
      await free()
    })
    await expect(launched, FAILED_RUN)
  }),
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
    // After each start, SkyPilot's API server starts a dozen processes before it answers a question. On
    // two busy cores that takes two minutes.
    limit: 20 * 60_000,
    async run(trial) {
      const { via, launch, expect, lab, product, together } = trial
      const gate = join(lab.folder, `gate-restarts-${via}`)
      const run = `${say('run line', 40, 0.5)}\n${waitFor(gate)}\n${say('later run line', 40)}`
      const steps = { setup: say('setup line', 40, 1), run: `${run}\nexit 3` }
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
      writeFileSync(gate, '')
      await expect(launched, { ...FAILED_RUN, lag: LAG })
    },
  },
]

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
  const name = `API server ended with ${signal} while provisioning`
  return inFullQueue(name, async ({ via, launched, expect, lab, together, free }) => {
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
    const code = via === 'api' ? { code: 'launch_interrupted' } : {}
    const killed: Expected = { status: 'failed', ...code, cut: true }
    await expect(launched, { ...(signal === 'SIGKILL' ? killed : FAILED_RUN), lag: LAG })
  })
}

/** A script that waits until there is such a file. */
function waitFor(file: string): string {
  return `until [ -e ${file} ]; do sleep 0.5; done`
}

/** The job waits where it is until the server is away, and then goes on. */
function endedWhile(moment: 'setup' | 'run', signal: 'SIGTERM' | 'SIGKILL'): Case {
  const name = `API server ended with ${signal} while ${moment}`
  return {
    name,
    alone: true,
    async run({ launch, expect, lab, together }) {
      const gate = join(lab.folder, `gate-${moment}-${signal}`)
      const text = (what: string) => {
        const waits = what === moment ? [waitFor(gate)] : []
        const lines = [say(`${what} line`, 10), ...waits, say(`later ${what} line`, 40, 0.5)]
        return lines.join('\n')
      }
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
