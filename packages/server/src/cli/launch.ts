import type { Client, NewLaunch } from '@launchtail/client'
import { ENGINES, LAUNCH_MODES, READINESS_FROM } from '@launchtail/client/protocol'
import { Command, Option } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT } from './exit.js'
import { countFlag } from './flags.js'
import { tellLaunchedGroup } from './group/launched-group.js'
import { collect, fromEnvironment, readTask, variable, withWaiting } from './launch-flags.js'
import { type LaunchedFlags, tellLaunched } from './launched.js'
import { type LimitFlags, limitsOf, withLimits } from './limit-flags.js'
import { type OwnerFlags, ownerOf, withOwner } from './owner-flags.js'
import { type PlaceFlags, placesOf, withPlaces } from './place-flags.js'
import { planText } from './plan-text.js'

interface LaunchFlags extends ServerFlags, LimitFlags, PlaceFlags, OwnerFlags, LaunchedFlags {
  provider: string
  region?: string
  gpu?: string
  gpuCount?: number
  numNodes?: number
  model?: string
  spot?: boolean
  diskSize?: number
  vllmArgs?: string
  engine?: (typeof ENGINES)[number]
  engineVersion?: string
  engineArgs?: string
  file?: string
  env?: string[]
  secret?: string[]
  nodeId?: string
  replicas?: number
  groupId?: string
  mode?: (typeof LAUNCH_MODES)[number]
  readinessFrom?: string
  readinessPath?: string
  readinessPort?: number
  readinessTimeout?: string
  smokePrompt?: string
  smokePath?: string
  smokeExpect?: string
  expose: boolean
  dryRun?: boolean
}

/** `launchtail launch`: launches a node and, with `--wait`, shows its log. */
export function launchCommand(): Command {
  const command = withOwner(withPlaces(withLimits(withServer(new Command('launch')))))
    .description('Launch a node.')
    .option('--provider <name>', 'local, aws, gcp, …', 'local')
    .option('--file <task.yaml>', 'a SkyPilot task; "-" reads it from standard input')
    .option('--model <name>', 'the model to serve, if there is no task')
    .option('--gpu <type>', 'the type of GPU, such as A100')
    .addOption(countFlag('--gpu-count <n>', 'the number of GPUs'))
    .addOption(countFlag('--num-nodes <n>', 'the number of machines; the task runs on each'))
    .option('--region <name>', 'the region')
    .option('--spot', 'use a spot instance')
    .addOption(countFlag('--disk-size <GB>', 'the size of the disk'))
    .addOption(
      new Option(
        '--engine <name>',
        'what serves the model, if there is no task; default: vllm',
      ).choices(ENGINES),
    )
    .option('--engine-version <version>', 'the version of the engine')
    .option('--engine-args <words>', 'more arguments for it; for command, the command')
    .option('--vllm-args <words>', 'the same, for vllm')
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
    .addOption(countFlag('--replicas <n>', 'launch so many nodes of the same, as a group'))
    .option('--group-id <id>', 'with --replicas: the group’s id; its nodes are ID-1, ID-2 …')
    .addOption(
      new Option(
        '--mode <what>',
        'cluster; job: a managed job, which SkyPilot recovers; serve: with --replicas, a service of SkyServe; default: cluster',
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
    .option('--smoke-prompt <text>', 'before it is active, its model must answer this')
    .option('--smoke-path <path>', 'the same, for a path of its server')
    .option('--smoke-expect <text>', 'what that answer must contain')
    .option('--no-expose', 'open no port: the node is reached from its cluster only')
    .option('--dry-run', 'only show what would be launched, where, and for how much')
  return withWaiting(command)
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail launch --file examples/local-node.yaml --wait
  $ launchtail launch --provider aws --region us-west-2 --gpu A100 \\
      --model meta-llama/Llama-2-7b-chat-hf --secret HF_TOKEN --wait
  $ launchtail launch --provider gcp --gpu A100 --model Qwen/Qwen3-8B --dry-run
  $ launchtail launch --file task.yaml --replicas 3 --group-id trio --wait
  $ node=$(launchtail launch -q --file task.yaml) && launchtail logs -f "$node"
`,
    )
    .action(async (flags: LaunchFlags) => {
      refuseMixed(flags)
      const client = await connect(flags)
      if (flags.dryRun) {
        const { replicas } = flags
        const request = await requestOf(flags)
        const plan = await client.planLaunch({ ...request, ...(replicas && { replicas }) })
        process.stdout.write(`${planText(plan, replicas)}\n`)
        if (plan.problems.length > 0) process.exitCode = EXIT.failed
        return
      }
      if (flags.replicas !== undefined) return launchGroup(client, flags)
      await tellLaunched(client, await client.launchNode(await requestOf(flags)), flags)
    })
}

async function launchGroup(client: Client, flags: LaunchFlags): Promise<void> {
  const { replicas = 1, groupId } = flags
  const group = { replicas, ...(groupId !== undefined && { group_id: groupId }) }
  await tellLaunchedGroup(
    client,
    await client.launchGroup({ ...(await requestOf(flags)), ...group }),
    flags,
  )
}

function refuseMixed({ replicas, groupId, nodeId }: LaunchFlags): void {
  if (replicas === undefined && groupId !== undefined) {
    throw new CliError('--group-id needs --replicas')
  }
  if (replicas !== undefined && nodeId !== undefined) {
    throw new CliError(
      '--replicas launches several nodes: name them with --group-id, not --node-id',
    )
  }
}

async function requestOf(flags: LaunchFlags): Promise<NewLaunch> {
  const { provider, region, gpu, gpuCount, model, spot, diskSize, vllmArgs, file, nodeId } = flags
  const { env = [], secret = [] } = flags
  const envs = Object.fromEntries(env.map(variable))
  const secrets = Object.fromEntries(secret.map(fromEnvironment))
  if (provider === 'local' && !file && !flags.engine) {
    throw new CliError(
      'a local launch needs a task: name it with --file, or an --engine, or another --provider',
    )
  }
  return {
    provider,
    ...(nodeId && { node_id: nodeId }),
    ...(region && { region }),
    ...(gpu && { gpu }),
    ...(gpuCount !== undefined && { gpu_count: gpuCount }),
    ...(flags.numNodes !== undefined && { num_nodes: flags.numNodes }),
    ...(model && { model }),
    ...(spot && { use_spot: true }),
    ...(diskSize !== undefined && { disk_size: diskSize }),
    ...(vllmArgs && { vllm_args: vllmArgs }),
    ...engineIn(flags),
    ...(file && { task: await readTask(file) }),
    ...(flags.mode && { mode: flags.mode }),
    ...readinessOf(flags),
    ...limitsOf(flags),
    ...placesOf(flags),
    ...smokeOf(flags),
    ...ownerOf(flags),
    ...(!flags.expose && { expose: false }),
    envs,
    secrets,
  }
}

function engineIn({ engine, engineVersion, engineArgs }: LaunchFlags) {
  return {
    ...(engine !== undefined && { engine }),
    ...(engineVersion !== undefined && { engine_version: engineVersion }),
    ...(engineArgs !== undefined && { engine_args: engineArgs }),
  }
}

function smokeOf({ smokePrompt, smokePath, smokeExpect }: LaunchFlags) {
  const smoke = {
    ...(smokePrompt !== undefined && { prompt: smokePrompt }),
    ...(smokePath !== undefined && { path: smokePath }),
    ...(smokeExpect !== undefined && { expect: smokeExpect }),
  }
  return Object.keys(smoke).length > 0 ? { smoke } : {}
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
