// npm run faults: servers that share their records, behind a balancer, and whatever can befall them. A writer
// writes, readers read, and in the end each must have seen each log as it is, once and in order.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/** The file that has each scene, and how long it takes and how often something happens unless told otherwise. */
const SCENES = {
  faults: { file: 'bad-days', seconds: '300', every: '5' },
  soak: { file: 'bad-days-soak', seconds: '1800', every: '20' },
  rolling: { file: 'bad-days-crowd' },
  crowd: { file: 'bad-days-crowd', replicas: '1' },
  away: { file: 'bad-days-away', seconds: '600' },
  upgrade: { file: 'bad-days-upgrade', seconds: '60' },
  owners: { file: 'leases', project: 'on PostgreSQL' },
}

const HELP = `Usage: npm run faults -- [options]

  --scene NAME   faults (the usual one: faults, then rolling restarts); soak (half an hour of them,
                 and whether a server holds more and more meanwhile); rolling (rolling restarts of
                 three servers under 5,000 readers and 500 entries/s); crowd (10,000 readers are cut
                 at once). The last two need a C compiler, and a machine that does nothing else.
                 away (PostgreSQL is away for ten minutes while launches go on); upgrade (from
                 another version to this one, and back); owners (launches whose owners are frozen and
                 killed, with the records in PostgreSQL)
  --from REF     the version to upgrade from: a tag, a branch or a commit
  --redis KIND   alone (the usual one), sentinel or cluster: masters with a replica each, which fail over
  --seconds N    how long faults are drawn (300; soak: 1800), or PostgreSQL is away (600),
                 or two versions run side by side (60)
  --every N      seconds from the end of one to the next (5; soak: 20)
  --replicas N   servers (3; crowd: 1)
  --rounds N     rolling restarts (3)
  --only WORDS   only faults whose names hold these words
  --seed N       repeats the run that printed this seed`

const { values: given } = parseArgs({
  options: {
    scene: { type: 'string', default: 'faults' },
    seconds: { type: 'string' },
    every: { type: 'string' },
    replicas: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    from: { type: 'string' },
    redis: { type: 'string', default: 'alone' },
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
  const scene = SCENES[given.scene]
  if (!scene) {
    console.error(`--scene must be one of ${Object.keys(SCENES).join(', ')}`)
    process.exit(2)
  }
  if ((given.scene === 'upgrade') !== (given.from !== undefined)) {
    console.error('--scene upgrade needs --from REF, and no other scene takes it')
    process.exit(2)
  }
  if (!['alone', 'sentinel', 'cluster'].includes(given.redis)) {
    console.error('--redis must be one of alone, sentinel, cluster')
    process.exit(2)
  }
  const file = `packages/server/test/${scene.file}.test.ts`
  const project = scene.project ?? 'tests'
  const { status } = spawnSync('npx', ['vitest', 'run', file, '--project', project], {
    stdio: 'inherit',
    env: {
      ...process.env,
      LAUNCHTAIL_FAULTS_SCENE: given.scene,
      LAUNCHTAIL_FAULTS_SECONDS: given.seconds ?? scene.seconds ?? '',
      LAUNCHTAIL_FAULTS_EVERY: given.every ?? scene.every ?? '',
      LAUNCHTAIL_FAULTS_REPLICAS: given.replicas ?? scene.replicas ?? '3',
      LAUNCHTAIL_FAULTS_ROUNDS: given.rounds,
      LAUNCHTAIL_FAULTS_REDIS: given.redis,
      ...(given.from && { LAUNCHTAIL_FAULTS_FROM: given.from }),
      ...(given.only && { LAUNCHTAIL_FAULTS_ONLY: given.only }),
      ...(given.seed && { LAUNCHTAIL_TEST_SEED: given.seed }),
    },
  })
  process.exitCode = status ?? 1
}
