// `npm test`: everything that must hold, one after the other, and one line at the end that counts.
//
//   npm test                   all of it
//   npm test -- resume         only the test files whose names hold "resume"
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './build-parser.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const filters = process.argv.slice(2)

run('set-up', 'sh', ['scripts/test-setup.sh']) || process.exit(1)

let passed = 0
let failed = 0
const SOURCES = ['client', 'server', 'dashboard'].map((name) => `packages/${name}/src`)
const READS_TSX = { NODE_OPTIONS: '--import=./scripts/swc-reads-tsx.mjs' }
const checks = [
  ['format and lint', 'biome', ['ci', '--error-on-warnings', '.']],
  ['types', 'tsc', ['-b']],
  ['types of the tests', 'tsc', ['-p', 'packages/server/test', '--noEmit']],
  ['types of the client’s tests', 'tsc', ['-p', 'packages/client/test', '--noEmit']],
  ['types of the page’s tests', 'tsc', ['-p', 'packages/dashboard/test', '--noEmit']],
  ['types of the cases for SkyPilot', 'tsc', ['-p', 'test/real', '--noEmit']],
  ['types of the tests of what is deployed', 'tsc', ['-p', 'test/deploy', '--noEmit']],
  ['import rules', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...SOURCES], READS_TSX],
  ['unused code', 'knip', []],
]
if (filters.length === 0) {
  for (const [name, tool, args, env] of checks) {
    if (run(name, join(root, 'node_modules/.bin', tool), args, env)) passed += 1
    else failed += 1
  }
}

const counts = runTests()
passed += counts.passed
failed += counts.failed
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
console.log(`${passed} passed, ${failed} failed${skipped}`)
process.exit(failed > 0 ? 1 : 0)

function run(name, command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) console.error(`${name}: ${error.message}`)
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${name}`)
  return status === 0
}

/** The tests' own counts. A run that ends without them, or that ran nothing, has failed. */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-test-'))
  const report = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const ok = run('tests', join(root, 'node_modules/.bin/vitest'), [
      'run',
      ...reporters,
      ...filters,
    ])
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    const broken = ok || numFailedTests > 0 ? 0 : 1
    return { passed: numPassedTests, failed: numFailedTests + broken, skipped: numPendingTests }
  } catch (error) {
    console.error(`the tests gave no result: ${error.message}`)
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
