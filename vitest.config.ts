import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The workspace's packages are read from their sources, so a test never sees a stale build.
  resolve: { conditions: ['launchtail-source'] },
  ssr: { resolve: { conditions: ['launchtail-source'] } },
  test: {
    globalSetup: ['packages/server/test/support/build.ts'],
    include: ['packages/*/test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores are the smallest machine this is tested on; half of the time a test waits.
    maxWorkers: 4,
  },
})
