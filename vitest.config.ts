import { defineConfig } from 'vitest/config'
// Tests that run from the sources need it.
import './scripts/build-parser.mjs'

// All that tests draw at random comes from one seed, which the processes of a run inherit.
process.env.LAUNCHTAIL_TEST_SEED ??= String(Math.floor(Math.random() * 2 ** 31))
console.error(`LAUNCHTAIL_TEST_SEED=${process.env.LAUNCHTAIL_TEST_SEED}`)

export default defineConfig({
  // The workspace's packages are read from their sources, so a test never sees a stale build.
  resolve: { conditions: ['launchtail-source'] },
  ssr: { resolve: { conditions: ['launchtail-source'] } },
  test: {
    globalSetup: ['packages/server/test/support/build.ts'],
    include: ['packages/*/test/**/*.test.ts'],
    // A test without an assertion passes whatever happens.
    expect: { requireAssertions: true },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores are the smallest machine this is tested on; half of the time a test waits.
    maxWorkers: 4,
  },
})
