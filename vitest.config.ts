import { defineConfig } from 'vitest/config'
// Tests that run from the sources need it.
import './scripts/build-parser.mjs'

// All that tests draw at random comes from one seed, which the processes of a run inherit.
process.env.LAUNCHTAIL_TEST_SEED ??= String(Math.floor(Math.random() * 2 ** 31))
console.error(`LAUNCHTAIL_TEST_SEED=${process.env.LAUNCHTAIL_TEST_SEED}`)

/** They hold whatever keeps the logs, and run on both stores. The other files choose theirs themselves. */
const onBothStores = [
  'compression',
  'delete-and-launch',
  'launch-crashes',
  'node-launches',
  'nodes-query',
  'operations',
  'query-places',
  'raw-output',
  'restart',
  'secrets-cut',
  'spending',
  'stall',
  'statistics',
].map((name) => `packages/server/test/${name}.test.ts`)

/** They hold wherever the records are, and run on PostgreSQL, too. */
const onPostgres = [
  'archive',
  'archive-newest',
  'duty',
  'groups',
  'delete-and-launch',
  'launch-events',
  'launch-keys',
  'launch-attempts',
  'launch-crashes',
  'leases',
  'left-clusters',
  'node-launches',
  'nodes-query',
  'prune-instances',
  'query-places',
  'registry',
  'restart',
  'rights-audit',
  'rights-launch',
  'rights-owner',
  'rights-tokens',
  'search',
  'search-differential',
  'skypilot-serve',
  'spending',
  'stats',
  'stream-tickets',
  'unattended',
  'webhook-deliveries',
  'webhook-fleet',
  'webhook-roll-up',
  'webhooks',
].map((name) => `packages/server/test/${name}.test.ts`)

export default defineConfig({
  // The workspace's packages are read from their sources, so a test never sees a stale build.
  resolve: { conditions: ['launchtail-source'] },
  ssr: { resolve: { conditions: ['launchtail-source'] } },
  test: {
    globalSetup: ['packages/server/test/support/build.ts'],
    projects: [
      { extends: true, test: { name: 'tests', include: ['packages/*/test/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'on Redis', include: onBothStores, env: { LAUNCHTAIL_TEST_STORE: 'redis' } },
      },
      {
        extends: true,
        test: {
          name: 'on PostgreSQL',
          include: onPostgres,
          env: { LAUNCHTAIL_TEST_STORE: 'postgres' },
          globalSetup: ['packages/server/test/support/postgres-of-run.ts'],
          // A statement there is a round trip between two processes.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    // A test without an assertion passes whatever happens.
    expect: { requireAssertions: true },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores are the smallest machine this is tested on; half of the time a test waits.
    maxWorkers: 4,
  },
})
