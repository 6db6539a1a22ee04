import { afterEach, expect, test } from 'vitest'
import {
  removeFolder,
  serverScript,
  startLaunching,
  task,
  temporaryFolder,
} from './support/launching.js'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

test('goes through all phases', async () => {
  const folder = temporaryFolder()
  const s = await startLaunching({ folder })
  const { node_id } = await s.orchestrator.launch({
    provider: 'local',
    region: 'local',
    gpu: 'cpu',
    task: task({ setup: 'echo a', run: serverScript({ after: 300 }) }),
  })
  console.log(await s.until(node_id, (e) => e.phase === 'active'))
  await s.orchestrator.terminate(node_id)
  console.log(await s.until(node_id, (e) => e.phase === 'failed'))
  console.log(await s.registry.get(node_id), s.faults)
  await s.stop()
  removeFolder(folder)
})
