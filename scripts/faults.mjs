// npm run faults: servers that share their records, behind a balancer, and whatever can befall them. A writer
// writes, readers read, and in the end each must have seen each log as it is, once and in order.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const HELP = `Usage: npm run faults -- [options]

  --seconds N    how long faults are drawn (300)
  --every N      seconds from the end of one to the next (5)
  --replicas N   servers (3)
  --rounds N     rolling restarts (3)
  --only WORDS   only faults whose names hold these words
  --seed N       repeats the run that printed this seed`

const { values: given } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    every: { type: 'string', default: '5' },
    replicas: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (given.help) {
  console.log(HELP)
} else {
  for (const name of ['seconds', 'every', 'replicas', 'rounds', 'seed']) {
    if (given[name] !== undefined && !(Number(given[name]) > 0)) {
      console.error(`--${name} must be a number above 0`)
      process.exit(2)
    }
  }
  const { status } = spawnSync('npx', ['vitest', 'run', 'packages/server/test/bad-days.test.ts'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      LAUNCHTAIL_FAULTS_SECONDS: given.seconds,
      LAUNCHTAIL_FAULTS_EVERY: given.every,
      LAUNCHTAIL_FAULTS_REPLICAS: given.replicas,
      LAUNCHTAIL_FAULTS_ROUNDS: given.rounds,
      ...(given.only && { LAUNCHTAIL_FAULTS_ONLY: given.only }),
      ...(given.seed && { LAUNCHTAIL_TEST_SEED: given.seed }),
    },
  })
  process.exitCode = status ?? 1
}
