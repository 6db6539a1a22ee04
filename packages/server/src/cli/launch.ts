import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { NewLaunch } from '@launchtail/client'
import { LAUNCH_MODES, READINESS_FROM } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT } from './exit.js'
import { countFlag, durationFlag } from './flags.js'
import { type LimitFlags, limitsOf, withLimits } from './limit-flags.js'
import { showLogs } from './logs.js'
import { planText } from './plan-text.js'
import { unreadable } from './unreadable.js'

interface LaunchFlags extends ServerFlags, LimitFlags {
  provider: string
  region?: string
  gpu?: string
  gpuCount?: number
  model?: string
  spot?: boolean
  diskSize?: number
  vllmArgs?: string
  file?: string
  env?: string[]
  secret?: string[]
  nodeId?: string
  mode?: (typeof LAUNCH_MODES)[number]
  readinessFrom?: string
  readinessPath?: string
  readinessPort?: number
  readinessTimeout?: string
  expose: boolean
  dryRun?: boolean
  wait?: boolean
  timeout: number
  quiet?: boolean
}

/** `launchtail launch`: launches a node and, with `--wait`, shows its log. */
export function launchCommand(): Command {
  const collect = (value: string, all: string[] = []) => [...all, value]
  return withLimits(withServer(new Command('launch')))
    .description('Launch a node.')
    .option('--provider <name>', 'local, aws, gcp, …', 'local')
    .option('--file <task.yaml>', 'a SkyPilot task; "-" reads it from standard input')
    .option('--model <name>', 'the model to serve, if there is no task')
    .option('--gpu <type>', 'the type of GPU, such as A100')
    .addOption(countFlag('--gpu-count <n>', 'the number of GPUs'))
    .option('--region <name>', 'the region')
    .option('--spot', 'use a spot instance')
    .addOption(countFlag('--disk-size <GB>', 'the size of the disk'))
    .option('--vllm-args <words>', 'more arguments for the vLLM server, if there is no task')
    .option(
      '--env <NAME[=value]>',
      'a variable for the task; without a value, the one from this environment',
      collect,
    )
    .option(
      '--secret <NAME>',
      'the same, with a value that is never shown; it comes from this environment',
      collect,
    )
    .option('--node-id <id>', 'the node’s id; default: a random one')
    .addOption(
      new Option(
        '--mode <what>',
        'cluster, or job: a managed job, which SkyPilot recovers; default: cluster',
      ).choices(LAUNCH_MODES),
    )
    .addOption(
      new Option(
        '--readiness-from <what>',
        'endpoint, node (a probe on the node itself) or job (it runs); default: auto',
      ).choices(READINESS_FROM),
    )
    .option('--readiness-path <path>', 'where the server says that it is ready')
    .addOption(countFlag('--readiness-port <n>', 'the port it is asked at'))
    .option('--readiness-timeout <time>', 'how long the launch may take until it is ready')
    .option('--no-expose', 'open no port: the node is reached from its cluster only')
    .option('--dry-run', 'only show what would be launched, where, and for how much')
    .option('--wait', 'show the log until the node is active or has failed')
    .addOption(
      durationFlag(
        '--timeout <time>',
        'with --wait: give up after this long without an entry',
        '15m',
      ),
    )
    .option('-q, --quiet', 'print only the node’s id; with --wait, the exit code tells the outcome')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail launch --file examples/local-node.yaml --wait
  $ launchtail launch --provider aws --region us-west-2 --gpu A100 \\
      --model meta-llama/Llama-2-7b-chat-hf --secret HF_TOKEN --wait
  $ launchtail launch --provider gcp --gpu A100 --model Qwen/Qwen3-8B --dry-run
  $ node=$(launchtail launch -q --file task.yaml) && launchtail logs -f "$node"
`,
    )
    .action(async (flags: LaunchFlags) => {
      const client = await connect(flags)
      if (flags.dryRun) {
        const plan = await client.planLaunch(await requestOf(flags))
        process.stdout.write(`${planText(plan)}\n`)
        if (plan.problems.length > 0) process.exitCode = EXIT.failed
        return
      }
      const { node_id: id, cluster_name: cluster } = await client.launchNode(await requestOf(flags))
      if (flags.quiet) process.stdout.write(`${id}\n`)
      else process.stdout.write(`Launching ${cluster} (${id})\n`)
      if (!flags.wait) return
      const shown = showLogs(client, [id], {
        tail: 'all',
        output: flags.quiet ? 'none' : 'pretty',
        timeout: flags.timeout,
        quiet: flags.quiet,
      })
      process.once('exit', (code) => {
        if (code !== EXIT.interrupted) return
        process.stderr.write(
          `launchtail: the launch continues; "launchtail terminate ${id}" cancels it\n`,
        )
      })
      process.exitCode = await shown
    })
}

async function requestOf(flags: LaunchFlags): Promise<NewLaunch> {
  const { provider, region, gpu, gpuCount, model, spot, diskSize, vllmArgs, file, nodeId } = flags
  const { env = [], secret = [] } = flags
  const envs = Object.fromEntries(env.map(variable))
  const secrets = Object.fromEntries(secret.map(fromEnvironment))
  if (provider === 'local' && !file) {
    throw new CliError('a local launch needs a task: name it with --file, or another --provider')
  }
  return {
    provider,
    ...(nodeId && { node_id: nodeId }),
    ...(region && { region }),
    ...(gpu && { gpu }),
    ...(gpuCount !== undefined && { gpu_count: gpuCount }),
    ...(model && { model }),
    ...(spot && { use_spot: true }),
    ...(diskSize !== undefined && { disk_size: diskSize }),
    ...(vllmArgs && { vllm_args: vllmArgs }),
    ...(file && { task: await readTask(file) }),
    ...(flags.mode && { mode: flags.mode }),
    ...readinessOf(flags),
    ...limitsOf(flags),
    ...(!flags.expose && { expose: false }),
    envs,
    secrets,
  }
}

function readinessOf(flags: LaunchFlags) {
  const { readinessFrom, readinessPath, readinessPort, readinessTimeout } = flags
  const readiness = {
    ...(readinessFrom !== undefined && { from: readinessFrom as (typeof READINESS_FROM)[number] }),
    ...(readinessPath !== undefined && { path: readinessPath }),
    ...(readinessPort !== undefined && { port: readinessPort }),
    ...(readinessTimeout !== undefined && { timeout: readinessTimeout }),
  }
  return Object.keys(readiness).length > 0 ? { readiness } : {}
}

async function readTask(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=')
  return at === -1 ? fromEnvironment(text) : [text.slice(0, at), text.slice(at + 1)]
}

function fromEnvironment(name: string): [string, string] {
  const value = process.env[name]
  if (value !== undefined) return [name, value]
  throw new CliError(`${name} has no value: it is not set in this environment`)
}
