import { until } from './lab/processes.js'
import { CPUS } from './lab/slurm.js'
import type { Launched } from './launched.js'
import type { Case, Trial } from './runner.js'
import { task } from './tasks.js'

interface WaitingTrial extends Trial {
  readonly launched: Launched
  /** Ends the job that fills the queue. */
  free(): Promise<void>
}

/** A case that acts on a launch while it waits in Slurm's queue, since somebody else has most of the CPUs. */
export function inFullQueue(name: string, act: (trial: WaitingTrial) => Promise<void>): Case {
  return {
    name,
    alone: true,
    async run(trial) {
      const { launch, lab, together } = trial
      const free = await together(() => fillQueue(lab))
      try {
        const launched = await launch(task({ resources: HALF }))
        await waitsInQueue(launched, trial)
        await act({ ...trial, launched, free })
      } finally {
        await together(free)
      }
    },
  }
}

const HALF = `infra: slurm/lab\ncpus: ${CPUS / 2}`

async function waitsInQueue(launched: Launched, { via, lab }: Trial): Promise<void> {
  const isThere = async () => (await lab.slurm.jobsOf(launched.cluster)).length > 0
  await until('a job in Slurm’s queue', isThere, { within: 180_000 })
  // `sky` shows no spinner where it does not write to a terminal.
  if (via === 'api') await launched.says(/pending: (?:Resources|Priority)/)
}

/** Has somebody else's job take most of Slurm's CPUs, and returns how to end it. */
async function fillQueue({ slurm }: Trial['lab']): Promise<() => Promise<void>> {
  const cpus = String(CPUS - 4)
  const job = await slurm.command('sbatch', '--parsable', '-c', cpus, '-o', '/dev/null', ...IDLE)
  return async () => {
    await slurm.command('scancel', job.trim())
  }
}

const IDLE = ['-J', 'somebody-else', '--time=10', '--wrap', 'sleep 600']
