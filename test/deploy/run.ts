/**
 * `npm run test:deploy`: what the project is deployed by, tested with the tools that others deploy it with.
 *
 *   npm run test:deploy                      everything
 *   npm run test:deploy -- --only chart      the steps whose names hold it
 *   npm run test:deploy -- --list            their names
 *
 * It needs Debian 12, root and Go 1.24, and fetches its tools by itself, each in a version with a checksum. Nothing is
 * skipped: where a tool cannot be had, its step fails and says so.
 */
import { parseArgs } from 'node:util'
import { CHART } from './chart.js'
import { COMPOSE } from './compose.js'
import { IMAGE } from './image.js'
import { PACKAGES } from './packages.js'
import type { Step } from './step.js'
import { SYSTEMD } from './systemd.js'

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean' } },
})
const steps = [...SYSTEMD, ...CHART, ...COMPOSE, ...PACKAGES, ...IMAGE].filter(({ name }) =>
  name.includes(options.only ?? ''),
)
if (options.list) for (const { name } of steps) console.log(name)
else await runAll(steps)

async function runAll(all: readonly Step[]): Promise<void> {
  let failed = 0
  for (const { name, run } of all) {
    const begun = performance.now()
    let fault: unknown
    await run().catch((error) => {
      fault = error
      failed += 1
    })
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    console.log(`${fault ? 'FAILED' : 'ok'}: ${name} (${seconds} s)`)
    if (fault) console.log(`  ${(fault as Error).message.replaceAll('\n', '\n  ')}`)
  }
  // A run of nothing has shown nothing.
  const nothing = all.length === 0 ? 1 : 0
  console.log(`${all.length - failed} passed, ${failed + nothing} failed`)
  process.exitCode = failed + nothing > 0 ? 1 : 0
}
