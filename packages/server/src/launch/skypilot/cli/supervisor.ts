/**
 * The process that runs one launch through the `sky` command. The server starts it, and it outlives the
 * server: it runs `sky launch`, then `sky logs`, and writes their output into the launch's folder.
 *
 *     node supervisor.js FOLDER < plan
 */
import { writeJson } from '../../supervised/files.js'
import { lead } from '../../supervised/lead.js'
import { openOutput } from '../../supervised/output.js'
import { type CliPlan, cliFiles } from './files.js'
import { launchCluster } from './launch-cluster.js'
import { readJob } from './read-job.js'

await supervise(process.argv[2] as string)
process.exit(0)

async function supervise(folder: string): Promise<void> {
  const files = cliFiles(folder)
  const led = await lead<CliPlan>(folder, { descendants: false })
  if (!led) return
  const { plan, ending, endAll } = led
  const secrets = [...Object.values(plan.secrets), ...plan.hidden]
  const output = openOutput({ file: files.output, secrets })
  const steps = { folder, files, plan, ending, endAll, output }
  const end = (await launchCluster(steps)) ?? (await readJob(steps))
  await output.written()
  if (end) writeJson(files.end, end)
}
